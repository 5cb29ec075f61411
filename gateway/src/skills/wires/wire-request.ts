import type { SkillsConfig } from '../../config/config.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Exchange } from '../../http/exchange.ts'
import { queryOf } from '../../http/path.ts'
import { readBody } from '../../http/read-body.ts'
import type { Method, Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import { workspaceOf } from '../../identity/workspace.ts'
import { authenticate, type Identity } from '../../pipeline/authenticate.ts'
import { authorOf, creatorOf } from '../api/skill-context.ts'
import { maxUploadBytes } from '../upload/read-upload.ts'
import { type SkillDialect, selectSkillDialect } from './wire-dialect.ts'

export interface WireRequest {
  readonly exchange: Exchange
  readonly caller: Caller
  readonly dialect: SkillDialect
  readonly workspaceId: string
  readonly author: string
  /** The principal a new skill belongs to. */
  readonly createdBy: string
  readonly query: URLSearchParams
  readonly contentType: string
  /** Empty on routes without one. */
  readonly body: Buffer
  /** The skill in the path, empty where there is none. */
  readonly id: string
  readonly version: string
}

/** Null when the answer has been sent already. */
export type WireAnswer = (request: WireRequest) => Promise<object | null>

/** Exchanges that turned out to call a function, whose callers read errors in another form. */
const invocations = new WeakSet<Exchange>()

export function markInvocation(exchange: Exchange): void {
  invocations.add(exchange)
}

export interface WireDependencies {
  readonly identity: Identity
  readonly settings: () => SkillsConfig
}

/** A route whose objects and errors are those of the vendor the client speaks. */
export function wireRoute(
  { identity, settings }: WireDependencies,
  method: Method,
  template: string,
  answer: WireAnswer,
): Route<Endpoint> {
  const dialectOf = (exchange: Exchange): SkillDialect =>
    selectSkillDialect(exchange, settings().neutralDialect)
  const handler: Endpoint = {
    errors: (exchange) => {
      if (invocations.has(exchange)) return 'api-v1'
      return dialectOf(exchange) === 'openai' ? 'openai-chat' : 'anthropic-messages'
    },
    handle: async (exchange, params) => {
      const caller = await authenticate(identity, exchange, 'user')
      const asked = caller.isAdmin ? exchange.header('anthropic-workspace-id') : null
      const answered = await answer({
        exchange,
        caller,
        dialect: dialectOf(exchange),
        workspaceId: workspaceOf(caller, exchange.header('x-workspace-id') ?? asked),
        author: authorOf(caller, null),
        createdBy: creatorOf(caller),
        query: queryOf(exchange.target),
        contentType: exchange.header('content-type') ?? 'application/json',
        body: method === 'POST' ? await readBody(exchange.request, maxUploadBytes) : Buffer.alloc(0),
        id: params['name'] ?? '',
        version: params['version'] ?? '',
      })
      if (answered !== null) exchange.sendJson(200, answered)
    },
  }
  return { method, template, auth: 'user', handler }
}

import { GatewayError } from '@routeiq/contract'
import { headLine } from '../../http/server/head-line.ts'
import { holdsPermission } from '../../identity/permissions.ts'
import { editMembers } from '../../json/edit-members.ts'
import { scanObject } from '../../json/object-members.ts'
import { editParts } from '../../multipart/edit-parts.ts'
import { joinPath } from '../../pass-through/join-path.ts'
import { RawCall } from '../../pass-through/raw-call.ts'
import type { Gateway } from '../../pipeline/gateway.ts'
import { describeRefusal } from '../../pipeline/response-headers.ts'
import type { UpstreamRequest } from '../../transport/transport.ts'
import { selectSkillDialect } from '../wires/wire-dialect.ts'
import type { WireRequest } from '../wires/wire-request.ts'
import { chooseAccount } from './choose-account.ts'
import { chooseBackend, ours, readAddressee, scanForm } from './read-addressee.ts'
import type { SkillAccount } from './skill-account.ts'

export interface SkillRelayDependencies {
  readonly gateway: Pick<Gateway, 'runtime' | 'transport'>
  /** What fingerprints of accounts are keyed with. */
  readonly secret: Buffer
  /** Whether a skill of an account is a copy this gateway made of one of its own, which no caller may reach. */
  readonly isCopy: (fingerprint: string, providerSkillId: string) => Promise<boolean>
}

const relayedHeaders = [
  ...['content-type', 'accept', 'anthropic-version', 'anthropic-beta', 'openai-beta'],
  ...['idempotency-key', 'if-none-match', 'traceparent', 'tracestate'],
]
const skillsBeta = 'skills-2025-10-02'

/** `/v1/skills` of an account at the vendor, for requests that are not for the gateway's own store. */
export class SkillRelay {
  readonly #deps: SkillRelayDependencies

  constructor(deps: SkillRelayDependencies) {
    this.#deps = deps
  }

  /**
   * Whether the request was for an account and has been answered by it. Errors: those of the choice of an account, and
   * `permission_denied` for a deletion that is not the caller's to make.
   */
  async relay(request: WireRequest): Promise<boolean> {
    const account = this.#accountFor(request)
    if (account === null) return false
    requireDeletion(request)
    if (request.id !== '' && (await this.#deps.isCopy(account.fingerprint, request.id)))
      throw new GatewayError('not_found', `Skill ${request.id} was not found.`, { param: 'skill_id' })
    await this.#send(request, account)
    return true
  }

  #accountFor(request: WireRequest): SkillAccount | null {
    const { gateway, secret } = this.#deps
    const runtime = gateway.runtime()
    const addressee = readAddressee(request)
    const choice = chooseBackend(request, addressee, runtime.config.skills.mode)
    if (choice === 'store') return null
    const account = chooseAccount(runtime, request.caller, addressee.model, secret)
    if (account !== null || choice === 'account-if-any') return account
    const message =
      'There is no account to pass this to: configure a model of Anthropic or ANTHROPIC_API_KEY, or name a `model` this key may use.'
    throw new GatewayError('invalid_request', message, { param: 'model' })
  }

  async #send(request: WireRequest, account: SkillAccount): Promise<void> {
    const { exchange, body } = request
    const { transport, runtime } = this.#deps.gateway
    const { routing, server } = runtime().config
    const place = joinPath(
      {
        prefix: '/v1/skills',
        origin: account.origin,
        basePath: account.path,
        search: '',
        includesSubpaths: true,
      },
      withoutOurs(exchange.target),
      server.rootPath,
    )
    const call = new RawCall({
      exchange,
      target: { wire: null },
      request: {
        ...place,
        method: exchange.request.method as UpstreamRequest['method'],
        headers: headersFor(request, account),
        authorization: account.authorization,
        body: body.length === 0 ? null : stripBody(request.contentType, body),
      },
      transport,
      timeoutMs: routing.timeoutMs,
      idleTimeoutMs: routing.streamIdleTimeoutMs,
      lines: describeRefusal(exchange) + headLine('x-routeiq-skills-account', account.name),
    })
    const { error } = await call.outcome
    exchange.whenClientGone(null)
    if (error !== null && !exchange.response.headersSent && !exchange.clientGone) throw error
  }
}

/** An account is shared by everybody who may call its models: whoever deletes there, deletes for all of them. */
function requireDeletion({ exchange, caller }: WireRequest): void {
  if (exchange.request.method !== 'DELETE' || holdsPermission(caller, 'skills.write')) return
  throw new GatewayError(
    'permission_denied',
    "Deleting skills of a provider's account needs the permission skills.write, or an admin.",
    { extras: { required_permission: 'skills.write' } },
  )
}

function headersFor({ exchange }: WireRequest, account: SkillAccount): string[] {
  const own = new Map<string, string>()
  for (let index = 0; index + 1 < account.headers.length; index += 2)
    own.set(account.headers[index] as string, account.headers[index + 1] as string)
  for (const name of relayedHeaders) {
    const value = exchange.header(name)
    if (value === null) continue
    const beta = name === 'anthropic-beta' ? own.get(name) : undefined
    own.set(name, beta === undefined ? value : `${beta},${value}`)
  }
  if (account.vendor === 'anthropic') addVersion(own, selectSkillDialect(exchange, 'anthropic'))
  return [...own].flat()
}

/** A client that says nothing of versions reads the older shape, which the vendor gives to those who ask for it. */
function addVersion(headers: Map<string, string>, dialect: string): void {
  if (!headers.has('anthropic-version')) headers.set('anthropic-version', '2023-06-01')
  const beta = headers.get('anthropic-beta')
  if (dialect !== 'anthropic-beta' || beta?.includes(skillsBeta) === true) return
  headers.set('anthropic-beta', beta === undefined ? skillsBeta : `${beta},${skillsBeta}`)
}

function withoutOurs(target: string): string {
  const [path = '', query = ''] = target.split('?', 2)
  const kept = query.split('&').filter((pair) => !ours.includes(pair.split('=')[0] ?? ''))
  return kept.join('') === '' ? path : `${path}?${kept.join('&')}`
}

/** The body without what speaks to the gateway; every other byte as it came. */
function stripBody(contentType: string, body: Buffer): Buffer {
  const edits = { set: new Map<string, string>(), remove: new Set(ours) }
  const scanner = scanForm(contentType, body)
  if (scanner !== null) return editParts(body, scanner.parts, edits)
  const members = /^application\/json\b/i.test(contentType) ? scanObject(body) : null
  return members === null ? body : editMembers(body, members, edits)
}

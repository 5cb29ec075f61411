import type { GatewayConfig } from '../config/config.ts'
import type { JsonRecord } from '../conversation/json-value.ts'
import type { Deployment } from '../deployments/deployment.ts'
import type { ModelList } from '../deployments/model-list.ts'
import type { RoutingSnapshot } from '../deployments/routing-snapshot.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Caller } from '../identity/caller.ts'
import type { SkillTurn } from '../injection/skill-turn.ts'
import type { ObjectMembers } from '../json/object-members.ts'
import type { Policies } from '../policy-engine/compile-policies.ts'
import type { CallAddress, Protocol } from '../protocols/protocol.ts'
import type { History } from './history.ts'
import type { Upload } from './parse-upload.ts'
import type { RequestOptions } from './request-options.ts'
import type { ParsedRequest } from './skills/parse-with-skills.ts'
import type { RequestContainer } from './skills/request-container.ts'
import type { ShellContainer } from './skills/shell-container.ts'

/** What the configuration compiles to. A request uses the one it was admitted under to its end. */
export interface Runtime {
  readonly config: GatewayConfig
  readonly routing: RoutingSnapshot
  /** Models nobody may use; null for none. */
  readonly banned: ModelList | null
  /** Null where the policy engine is off. */
  readonly policies: Policies | null
}

/** A call on a model route before anything of it is read. */
export interface Arrival extends CallAddress {
  readonly exchange: Exchange
  /** The dialect the client speaks; fixed by the route, before anything can go wrong. */
  readonly protocol: Protocol
  /** Null for dialects whose requests stand alone. */
  readonly history: History | null
}

/** One parsed, authenticated call. Immutable: whatever happens to it later is noted in its `Progress`. */
export interface ModelRequest extends Arrival {
  readonly runtime: Runtime
  readonly caller: Caller
  /** The body as received (decompressed); empty for a form, which is in `upload`. */
  readonly bytes: Buffer
  readonly members: ObjectMembers
  readonly body: Readonly<Record<string, unknown>>
  /** The form that came in place of JSON; `body` then holds those of its fields that have arrived. */
  readonly upload: Upload | null
  /** The body as the client wrote it; `body` differs once what it referred to was put in its place. */
  readonly clientBody: Readonly<Record<string, unknown>>
  /** The deployment whose account keeps what the request continues; null when any may take it. */
  readonly boundTo: Deployment | null
  /** The skills its answer is made with; null without. */
  readonly skills: SkillTurn | null
  /** Its body in the conversation model, read for its skills; null while nobody has. */
  readonly parsed: ParsedRequest | null
  /** The deployment that has what the request goes on with; called first. Null when any will do. */
  readonly preferredId: string | null
  /** The skills it wants in a container, or in that of a shell; null for none. */
  readonly container: RequestContainer | ShellContainer | null
  /** An answer's container as the caller knows it; null where nothing of it was changed. */
  readonly restoreContainer: ((container: JsonRecord) => JsonRecord) | null
  readonly requestedModel: string
  readonly stream: boolean
  /** The answer is passed on as it comes, but as bytes and not as events. */
  readonly isBinary: boolean
  /** The client asked for usage at the end of its stream. */
  readonly includeUsage: boolean
  readonly options: RequestOptions
}

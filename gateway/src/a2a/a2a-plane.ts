import type { A2aConfig } from '../config/config.ts'
import type { JsonRecord } from '../conversation/json-value.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Caller } from '../identity/caller.ts'
import type { Identity } from '../pipeline/authenticate.ts'
import type { UserEgress } from '../transport/egress/user-egress.ts'
import type { A2aStore, RemoteAgentStore } from './a2a-store.ts'
import type { AgentDirectory } from './agents/agent-directory.ts'
import type { AgentCards } from './cards/agent-cards.ts'
import type { ModelSessions } from './models/model-sessions.ts'
import type { A2aError } from './protocol/a2a-error.ts'
import type { Translation } from './protocol/translate-members.ts'
import type { PushTargets } from './push/push-targets.ts'
import type { AgentCall } from './relay/agent-call.ts'
import type { AgentRelay } from './relay/agent-relay.ts'
import type { OpenStreams } from './relay/open-streams.ts'
import type { TaskLedger } from './tasks/task-ledger.ts'

/** Everything that routes of agents reach. */
export interface A2aPlane {
  readonly identity: Identity
  readonly settings: () => A2aConfig
  /** The stored agents, with secrets in the clear. */
  readonly agents: RemoteAgentStore
  readonly store: Omit<A2aStore, keyof RemoteAgentStore>
  readonly directory: AgentDirectory
  readonly cards: AgentCards
  readonly relay: AgentRelay
  readonly tasks: TaskLedger
  readonly push: PushTargets
  readonly streams: OpenStreams
  readonly sessions: ModelSessions
  /** Each way between the versions. */
  readonly translations: Readonly<Record<Translation['direction'], Translation>>
  readonly egress: UserEgress
  /** The address of agents for clients, without a trailing slash, and whether everybody can reach it. */
  readonly base: (exchange: Exchange) => { readonly url: string; readonly isPublic: boolean }
  /** The card with the gateway's signature; `base` is where its keys are. */
  readonly signCard: (card: JsonRecord, base: string) => JsonRecord
  readonly cardKeys: JsonRecord
  /** Seals the continuation of a listing for its caller. */
  readonly sealPage: (text: string) => string
  readonly openPage: (sealed: string) => string | null
  /** Counts a message against the limits of the agent and of its caller. Errors: RATE_LIMITED, 429 `budget_exceeded`. */
  readonly admit: (call: AgentCall) => Promise<void>
  /** The call is over: its record, its ledger row, the agent's day. */
  readonly settle: (call: AgentCall, error: A2aError | null) => void
  /** Tells every process that agents have changed; resolves when this one knows. */
  readonly onAgentsChanged: (agentId: string) => Promise<void>
  readonly audit: (
    action: string,
    by: { readonly exchange: Exchange; readonly caller: Caller },
    agentId: string,
  ) => void
  readonly now: () => number
}

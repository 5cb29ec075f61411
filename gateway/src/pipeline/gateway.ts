import type { AnswerCache } from '../answer-cache/answer-cache.ts'
import type { DeploymentStates } from '../balancing/deployment-states.ts'
import type { HeldDeployments } from '../balancing/held-deployments.ts'
import type { Strategy } from '../balancing/strategy.ts'
import type { BlobSealer } from '../conversation/blob-sealer.ts'
import type { Governor } from '../governance/governor.ts'
import type { Roster } from '../http/roster.ts'
import type { CodeSandbox } from '../injection/code-sandbox.ts'
import type { SkillInjector } from '../injection/skill-injector.ts'
import type { ModelRouter } from '../model-routing/model-router.ts'
import type { ClientStream } from '../relay/client-stream.ts'
import type { SpendRow } from '../storage/ledger/spend-row.ts'
import type { ActiveRequests } from '../telemetry/metrics/active-requests.ts'
import type { RequestRecord } from '../telemetry/request-record.ts'
import type { TokenCounter } from '../tokens/token-counter.ts'
import type { Transport } from '../transport/transport.ts'
import type { Identity } from './authenticate.ts'
import type { FetchMedia } from './inline-media.ts'
import type { ModelRequest, Runtime } from './model-request.ts'
import type { SettledChoice } from './settle-choice.ts'
import type { RunRecord } from './skills/code-execution.ts'
import type { ContainerHomes } from './skills/container-homes.ts'
import type { ContainerSource } from './skills/container-source.ts'
import type { RequestTools } from './use-tools.ts'

/** Everything the pipeline reaches beyond the request itself. */
export interface Gateway {
  /** The configuration in force; swapped as a whole by a reload. */
  readonly runtime: () => Runtime
  readonly identity: Identity
  /** Seals providers' opaque values for their way through clients of another dialect. */
  readonly blobs: BlobSealer
  readonly states: DeploymentStates
  readonly strategy: () => Strategy
  readonly transport: Transport
  /** The way to agents that a request asks like models. */
  readonly agentTransport: (request: ModelRequest) => Transport
  /** Fetches what a client's request refers to. */
  readonly fetchMedia: FetchMedia
  /** Answers `mock_response`. */
  readonly mockTransport: Transport
  /** Holds requests to budgets and rate limits. */
  readonly governor: Pick<Governor, 'admit'>
  /** Counts requests in progress per model group. */
  readonly active: Pick<ActiveRequests, 'enter' | 'leave'>
  /** The streams under way, so that a drain can end them. */
  readonly openStreams: Roster<ClientStream>
  /** Chooses the model where a name stands for several. */
  readonly models: ModelRouter
  /** Which deployment a conversation was on. */
  readonly conversations: Pick<HeldDeployments, 'find' | 'remember'>
  /** Gives requests their skills. */
  readonly skills: SkillInjector
  /** Tools that requests bring by naming their server. */
  readonly requestTools: RequestTools
  /** The skills of containers. */
  readonly containers: ContainerSource
  readonly containerHomes: ContainerHomes
  /** Runs code of models, where the configuration says so. */
  readonly sandbox: CodeSandbox
  readonly recordRun: (run: RunRecord) => void
  /** Answers that were given before. */
  readonly answers: Pick<AnswerCache, 'find' | 'findSimilar' | 'keep' | 'questions' | 'share' | 'underWay'>
  /** Counts prompts without asking a provider. */
  readonly tokens: TokenCounter
  readonly recordRequest: (record: RequestRecord) => void
  readonly appendSpend: (row: SpendRow) => void
  /** Keeps which model was chosen, so that its outcome can be credited, and tells of it. */
  readonly settleChoice: (settled: SettledChoice) => void
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly random: () => number
}

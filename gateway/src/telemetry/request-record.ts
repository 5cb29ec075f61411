import type { ErrorCode } from '@routeiq/contract'
import type { Usage } from '../conversation/usage.ts'
import type { Operation } from '../deployments/deployment.ts'
import type { FailureKind } from '../providers/failure.ts'
import type { DialectId } from '../providers/wire.ts'
import type { ModelSeries } from './metrics/model-series.ts'
import type { RequestTrace } from './spans/request-trace.ts'

/**
 * Everything worth knowing about one finished request: the only thing logs, metrics, the ledger and traces read.
 * Made once, at settlement, and never changed. Numbers and short strings only; no bodies, no credentials.
 * Times are epoch milliseconds, durations milliseconds; null means "did not happen" or "not known".
 */
export interface RequestRecord {
  readonly requestId: string
  /** The gateway made it, so it holds no secret; a caller's may. */
  readonly isOwnId: boolean
  readonly callId: string
  /** W3C trace id, 32 hex digits, when the caller sent one. */
  readonly traceId: string | null
  /** Null for requests whose trace is not kept. */
  readonly trace: RequestTrace | null
  readonly startedAt: number
  readonly endedAt: number
  /** When the first byte of the answer's body went to the caller. */
  readonly firstByteAt: number | null
  /** From the dispatch of the first attempt to the end of the last one. */
  readonly upstreamMs: number | null
  /** Time spent choosing: name resolution, filters and strategy of all attempts together. */
  readonly routingMs: number | null
  readonly method: string
  /** The documented path with its placeholders, never the path as sent. */
  readonly template: string
  readonly dialect: DialectId | null
  /** Null for what is no call of a model, like counting tokens; metrics of models leave it out. */
  readonly operation: Operation | null
  /** The HTTP status sent, or 499 when the caller left before any. */
  readonly status: number
  readonly errorCode: ErrorCode | null
  readonly errorType: string | null
  readonly errorOrigin: 'gateway' | 'upstream' | null
  readonly stream: boolean
  readonly clientDisconnected: boolean
  readonly cacheHit: boolean
  readonly caller: RequestCaller
  readonly endUser: string | null
  readonly tags: readonly string[]
  /** As the caller wrote it; may be any text. */
  readonly requestedModel: string | null
  /** The model group the name resolved to, the last one after fallbacks; null while the name is unknown. */
  readonly group: string | null
  /** The deployment behind the answer or the last failure; null when none was chosen. */
  readonly target: RequestTarget | null
  /** The model name in the provider's answer. */
  readonly responseModel: string | null
  /** The request asked for reasoning. */
  readonly reasoningEnabled: boolean
  readonly strategy: string | null
  /** The strategy failed or abstained and the default one chose. */
  readonly strategyFellBack: boolean
  /** How its model was chosen; null where the name stood for one. */
  readonly choice: RecordedChoice | null
  /** The members of the request the provider did not get, separated by commas; null when it got all. */
  readonly dropped: string | null
  /** Tokens of the prompt that the provider was spared, estimated. */
  readonly contextTokensSaved: number
  /** Upstream calls made, the first included. */
  readonly attempts: number
  /** Attempts that failed, in order; empty for the common request, all of them for a failed one. */
  readonly failedAttempts: readonly FailedAttempt[]
  /** Changes of model group after failures. */
  readonly fallbacks: number
  readonly usage: Usage | null
  /** The usage was counted here because the provider did not report it. */
  readonly usageEstimated: boolean
  /** In 10⁻¹² USD; null when the price is unknown. */
  readonly costPico: bigint | null
  /** Characters of the question, for the decision log. */
  readonly queryLength: number | null
  /** What the user asked, or its beginning; null unless the operator wants it told. */
  readonly query: string | null
  readonly clientIp: string | null
}

/** A choice among models, for the decision log. */
interface RecordedChoice {
  readonly decisionId: string
  readonly domain: string | null
  /** The first of its reasons. */
  readonly reason: string
}

export interface RequestCaller {
  readonly kind: 'anonymous' | 'admin' | 'key'
  /** SHA-256 hex of the key. */
  readonly keyHash: string | null
  readonly keyAlias: string | null
  readonly userId: string | null
  readonly teamId: string | null
  readonly organizationId: string | null
}

/** A deployment as text, so that a record outlives the configuration it was made under. */
export interface RequestTarget {
  readonly deploymentId: string
  readonly provider: string
  readonly upstreamModel: string
  readonly apiBase: string
  /** Absent where it is made for a single record, like the next. */
  readonly notes?: TargetNotes
  /** The revision of the redactor that had nothing to change in the id, nor had JSON; null before one was asked. */
  cleanAt?: number | null
}

/** What telemetry keeps with the names of lasting targets, because a table of thousands is far away for each of them. */
export interface TargetNotes {
  /** The revision of the redactor by which the names were judged; null before the first time. */
  judgedAt: number | null
  /** Group, provider and upstream model hide no secret, and JSON has nothing to escape in them. */
  isClean: boolean
  /** Of its group; null before the first request. */
  series: ModelSeries | null
}

export interface FailedAttempt {
  readonly group: string
  readonly target: RequestTarget
  readonly kind: FailureKind
  /** The upstream status, or 0 when there was no HTTP answer. */
  readonly status: number
  /** The failure sent the deployment into cooldown. */
  readonly cooledDown: boolean
}

/**
 * Of a record what only requests of the model pipeline have, for calls outside of it. It goes last: an object that begins
 * with members of another and grows takes V8 fifty microseconds.
 */
export const withoutPipeline = {
  isOwnId: false,
  traceId: null,
  trace: null,
  dropped: null,
  contextTokensSaved: 0,
  routingMs: null,
  operation: null,
  cacheHit: false,
  endUser: null,
  group: null,
  responseModel: null,
  reasoningEnabled: false,
  strategy: null,
  strategyFellBack: false,
  choice: null,
  attempts: 1,
  failedAttempts: [],
  fallbacks: 0,
  usageEstimated: false,
  queryLength: null,
  query: null,
} as const

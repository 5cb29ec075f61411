import type { CandidateRequest } from '../deployments/filter-candidates.ts'
import type { Resolution } from '../deployments/resolve-model.ts'
import type { ArmOrder } from './arm-order.ts'
import type { RequestFallbacks } from './fallback.ts'

/** What the attempt loop needs to know about one request. */
export interface AttemptRequest extends CandidateRequest {
  /** Where a model was chosen first: it, and which come after it. Null for groups of one model. */
  readonly arms: ArmOrder | null
  /** The deployment that answered what this request goes on with: called first while it is a candidate. */
  readonly preferredId: string | null
  readonly stream: boolean
  /** `max_tokens` of the request, null when it sets none. */
  readonly maxOutputTokens: number | null
  /** `num_retries` of the request, null leaves the configuration in force. */
  readonly numRetries: number | null
  readonly fallbacks: RequestFallbacks | null
  /** Epoch milliseconds after which no attempt starts; `Infinity` for none. */
  readonly deadlineMs: number
  /** Whether a fallback target may be used; `isExempt` where what the key may use does not matter for it. */
  readonly mayUse: (target: Resolution, isExempt: boolean) => boolean
}

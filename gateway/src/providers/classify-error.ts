import type { FailureKind } from './failure.ts'

/** What of an upstream error tells its kind. */
export interface ErrorSigns {
  /** The HTTP status, or the one an error inside a stream stands for; 0 when unknown. */
  readonly status: number
  /** The provider's own words for the error (`type`, `code`, `status`). */
  readonly codes: readonly string[]
  readonly message: string
}

/** Phrasings of major vendors and servers for a prompt that does not fit; lower case. */
const contextWindow = [
  'context_length_exceeded',
  'context length exceeded',
  'maximum context length',
  'max context length',
  'exceed_context_size',
  'available context size',
  'exceed context limit',
  'exceeds the context window',
  'exceeded this model context window',
  'context window exceeds limit',
  'context window limit',
  'model_context_window_exceeded',
  'prompt is too long',
  'input is too long',
  'too many input tokens',
  'too many tokens: total number of tokens',
  'exceeds the maximum number of tokens allowed',
  'input tokens exceed the configured limit',
  'maximum prompt length',
  'longer than the maximum model length',
  'prompt exceeds max length',
  'range of input length should be',
  'exceeded model token limit',
  'greater than the context length',
  'reduce the length of the messages',
  'reduce the length of the input',
  'tokens + `max_new_tokens` must be <=',
  'exceeds maximum allowed content length',
  'string_above_max_length',
]

const contentPolicy = [
  'content_filter',
  'content_policy_violation',
  'responsibleaipolicyviolation',
  'content management policy',
  'content filtering policy',
  'content policy',
  'safety system',
  'violates usage guidelines',
  'violating our usage policy',
  'flagged as potentially violating',
  'data_inspection_failed',
  'datainspectionfailed',
  'content exists risk',
  'prohibited_content',
  'requires moderation',
  'new_sensitive',
]

const quota = [
  'insufficient_quota',
  'exceeded your current quota',
  'billing_hard_limit_reached',
  'billing_not_active',
  'billing_error',
  'credit balance is too low',
  'insufficient balance',
  'insufficient credits',
  'insufficient_balance',
  'out of credits',
  'monthly included credits',
  'payment required',
  'spending limit',
  'usage limit reached for this billing',
]

const kindsByStatus: Readonly<Record<number, FailureKind>> = {
  400: 'bad_request',
  401: 'authentication',
  402: 'quota_exhausted',
  403: 'permission',
  404: 'not_found',
  408: 'request_timeout',
  409: 'conflict',
  413: 'bad_request',
  415: 'bad_request',
  422: 'unprocessable',
  429: 'rate_limit',
  503: 'unavailable',
  529: 'unavailable',
}

/** The kind of failure that decides retries, cooldowns and fallbacks; text matters only where a status is ambiguous. */
export function classifyError(signs: ErrorSigns): FailureKind {
  const { status } = signs
  const kind = kindsByStatus[status] ?? (status >= 400 && status < 500 ? 'bad_request' : 'server_error')
  const text = `${signs.codes.join(' ')} ${signs.message}`.toLowerCase()
  const mentions = (phrases: readonly string[]): boolean => phrases.some((phrase) => text.includes(phrase))
  // Google words per-minute limits as an exhausted quota, but then says when to come back.
  if (kind === 'rate_limit') return mentions(quota) && !text.includes('retrydelay') ? 'quota_exhausted' : kind
  const refusesRequest = kind === 'bad_request' || kind === 'unprocessable' || kind === 'permission'
  if (!refusesRequest && status !== 0) return kind
  if (kind !== 'permission' && mentions(contextWindow)) return 'context_window'
  if (mentions(contentPolicy)) return 'content_policy'
  return mentions(quota) ? 'quota_exhausted' : kind
}

import type { FailureKind } from '../providers/failure.ts'

/**
 * What to do about one kind of upstream failure.
 * `retry`: `again` on any deployment, another one first; `once` likewise but a single time; `elsewhere` only on
 * another deployment; `never`.
 * `cooldown`: whether the failure counts against the deployment; `status` also cools it at once when it is not alone.
 */
export interface FailureRule {
  readonly retry: 'again' | 'once' | 'elsewhere' | 'never'
  readonly cooldown: 'none' | 'counts' | 'status'
  /** False for failures that say something about the deployment's set-up: it never costs a group its last one. */
  readonly transient: boolean
  readonly fallback: 'general' | 'context_window' | 'content_policy' | 'opt-in' | 'none'
  /** Prefix of the class's fields in `retry_policy` (`…Retries`) and `allowed_fails_policy` (`…AllowedFails`). */
  readonly policyClass: string | null
}

/** The decision table: every kind of failure and what follows from it. */
export const failureRules: Readonly<Record<FailureKind, FailureRule>> = {
  connection: rule('again', 'counts', true, 'general', 'InternalServerError'),
  timeout: rule('once', 'counts', true, 'general', 'TimeoutError'),
  request_timeout: rule('again', 'counts', true, 'general', 'TimeoutError'),
  conflict: rule('again', 'none', true, 'general', null),
  rate_limit: rule('again', 'status', true, 'general', 'RateLimitError'),
  quota_exhausted: rule('elsewhere', 'status', false, 'general', 'RateLimitError'),
  authentication: rule('elsewhere', 'status', false, 'general', 'AuthenticationError'),
  permission: rule('elsewhere', 'status', false, 'general', 'AuthenticationError'),
  not_found: rule('elsewhere', 'status', false, 'general', 'NotFoundError'),
  context_window: rule('never', 'none', false, 'context_window', null),
  content_policy: rule('never', 'none', false, 'content_policy', 'ContentPolicyViolationError'),
  bad_request: rule('never', 'none', false, 'opt-in', 'BadRequestError'),
  unprocessable: rule('never', 'none', false, 'opt-in', 'BadRequestError'),
  server_error: rule('again', 'counts', true, 'general', 'InternalServerError'),
  unavailable: rule('again', 'counts', true, 'general', 'ServiceUnavailableError'),
  response_too_large: rule('never', 'none', false, 'none', null),
}

function rule(
  retry: FailureRule['retry'],
  cooldown: FailureRule['cooldown'],
  transient: boolean,
  fallback: FailureRule['fallback'],
  policyClass: string | null,
): FailureRule {
  return { retry, cooldown, transient, fallback, policyClass }
}

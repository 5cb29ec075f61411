import type { AttemptPlan } from '../balancing/attempt-plan.ts'
import type { FailureKind, UpstreamFailure } from '../providers/failure.ts'
import type { ModelRequest } from './model-request.ts'
import type { MockFailure } from './request-options.ts'

const kinds: Readonly<Record<MockFailure, FailureKind>> = {
  general: 'server_error',
  context_window: 'context_window',
  content_policy: 'content_policy',
  rate_limit: 'rate_limit',
}

/** The failure a caller asked for with `mock_testing_*`, until the first fallback; null otherwise. */
export function mockFailureOf(request: ModelRequest, plan: AttemptPlan): UpstreamFailure | null {
  const asked = request.options.mockFailure
  if (asked === null || plan.fallbacks > 0) return null
  return {
    kind: kinds[asked],
    status: 0,
    message: `This failure was asked for by the request (mock_testing, ${asked})`,
    retryAfterMs: null,
    providerFields: null,
  }
}

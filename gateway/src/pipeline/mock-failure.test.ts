import { expect, it } from 'vitest'
import type { AttemptPlan } from '../balancing/attempt-plan.ts'
import { mockFailureOf } from './mock-failure.ts'
import { sampleRequest } from './testing/sample-request.ts'

// Only the number of fallbacks is read.
const plan = (fallbacks: number) => ({ fallbacks }) as AttemptPlan
const asking = (member: string) => sampleRequest({ model: 'm', messages: [], [member]: true })

it.each([
  ['mock_testing_fallbacks', 'server_error'],
  ['mock_testing_context_fallbacks', 'context_window'],
  ['mock_testing_content_policy_fallbacks', 'content_policy'],
  ['mock_testing_rate_limit_error', 'rate_limit'],
])('%s fails as %s until the first fallback', (member, kind) => {
  expect(mockFailureOf(asking(member), plan(0))).toMatchObject({ kind, status: 0, retryAfterMs: null })
  expect(mockFailureOf(asking(member), plan(1))).toBeNull()
})

it('nothing fails unasked', () => {
  expect(mockFailureOf(sampleRequest({ model: 'm', messages: [] }), plan(0))).toBeNull()
})

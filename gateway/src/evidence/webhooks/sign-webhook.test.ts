import { expect, it } from 'vitest'
import { newWebhookSecret, signWebhook } from './sign-webhook.ts'

// The example of the published libraries of Standard Webhooks.
it('signs as the specification does', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  expect(
    signWebhook(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', '{"test": 2432232314}', 1_614_265_330_999),
  ).toEqual([
    'webhook-id',
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp',
    '1614265330',
    'webhook-signature',
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  ])
})

it('makes secrets of 24 random bytes', () => {
  expect(newWebhookSecret((size) => Buffer.alloc(size, 7))).toBe(`whsec_${'BwcH'.repeat(8)}`)
})

import { GatewayError } from '@routeiq/contract'
import { expect, it } from 'vitest'
import type { Delivery, WebhookStore } from './webhook.ts'
import { WebhookSender } from './webhook-sender.ts'

const hourMs = 3_600_000

function bench(answers: (number | Error)[]) {
  let now = 0
  let delivery: Delivery = {
    id: 'msg_1',
    workspaceId: 'w',
    webhookId: 'h',
    payload: '{}',
    attempts: 0,
    state: 'waiting',
    lastError: null,
    nextAt: 0,
    createdAt: 0,
  }
  const sent: { at: number; headers: readonly string[] }[] = []
  const store: Partial<WebhookStore> = {
    takeDueDeliveries: async (at) =>
      delivery.state === 'waiting' && delivery.nextAt <= at
        ? [{ ...delivery, url: 'https://example.org/', secret: 'whsec_AAAA' }]
        : [],
    updateDelivery: async (update) => {
      delivery = { ...delivery, ...update }
    },
    purgeDeliveries: async () => {},
  }
  const sender = new WebhookSender({
    store: store as WebhookStore,
    post: async (_url, headers) => {
      sent.push({ at: now, headers })
      const answer = answers.shift() ?? 500
      if (typeof answer === 'number') return answer
      throw answer
    },
    openSecret: (_workspace, _webhook, secret) => secret,
    now: () => now,
  })
  return {
    sent,
    delivery: () => delivery,
    /** Lets the time pass in steps of a minute. */
    async pass(hours: number) {
      for (const end = now + hours * hourMs; now <= end; now += 60_000) await sender.sendDue()
    },
  }
}

it('makes six attempts over 24 hours, with one id and a fresh signature, and gives up', async () => {
  const { sent, delivery, pass } = bench([])
  await pass(30)
  expect(sent.map(({ at }) => at / 60_000)).toEqual([0, 1, 11, 71, 431, 1440])
  expect(new Set(sent.map(({ headers }) => headers[3])).size).toBe(1)
  expect(new Set(sent.map(({ headers }) => headers[7])).size).toBe(6)
  expect(delivery()).toMatchObject({
    state: 'failed',
    attempts: 6,
    lastError: 'the receiver answered with status 500',
  })
})

it('stops when the message was taken', async () => {
  const { sent, delivery, pass } = bench([503, 204])
  await pass(3)
  expect(sent).toHaveLength(2)
  expect(delivery()).toMatchObject({ state: 'delivered', attempts: 2, lastError: null })
})

it('tells why a target was refused, and nothing of the network', async () => {
  const refused = bench([new GatewayError('invalid_request', 'That address may not be called.')])
  await refused.pass(0)
  expect(refused.delivery().lastError).toBe('That address may not be called.')
  const broken = bench([new Error('connect ECONNREFUSED 10.0.0.7:443')])
  await broken.pass(0)
  expect(broken.delivery().lastError).toBe('the receiver could not be reached')
})

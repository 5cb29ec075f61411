import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { AnswersUnderWay } from './answers-under-way.ts'
import type { CachedAnswer } from './cached-answer.ts'

const answer: CachedAnswer = {
  ...{ isStream: false, includesUsage: false, text: 'text', usage: null, deploymentId: 'd', storedAt: 0 },
}
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('one makes the answer and all who wait get it', async () => {
  const underWay = new AnswersUnderWay()
  expect(underWay.follow('k', 100)).toBeNull()
  const settle = underWay.lead('k')
  expect(underWay.lead('k')).toBeNull()
  const followers = [underWay.follow('k', 100), underWay.follow('k', 100)]
  settle?.(answer)
  expect(await Promise.all(followers.map((follower) => follower?.outcome))).toEqual([answer, answer])
  expect(vi.getTimerCount()).toBe(0)
})

it('nobody waits longer than they want to, and who leaves waits no more', async () => {
  const underWay = new AnswersUnderWay()
  const settle = underWay.lead('k')
  const impatient = underWay.follow('k', 100)
  const gone = underWay.follow('k', 1_000)
  const patient = underWay.follow('k', 1_000)
  gone?.leave()
  vi.advanceTimersByTime(100)
  expect(await Promise.all([impatient?.outcome, gone?.outcome])).toEqual(['late', 'left'])
  settle?.('not shared')
  expect(await patient?.outcome).toBe('not shared')
})

it('who has told once tells nobody of a later one', async () => {
  const underWay = new AnswersUnderWay()
  const first = underWay.lead('k')
  first?.('abandoned')
  const second = underWay.lead('k')
  const follower = underWay.follow('k', 100)
  first?.('not shared')
  second?.(answer)
  expect(await follower?.outcome).toBe(answer)
})

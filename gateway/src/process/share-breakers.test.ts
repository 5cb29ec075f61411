import { expect, it, vi } from 'vitest'
import { ProviderBreakers } from '../balancing/provider-breakers.ts'
import { InProcessState } from '../storage/shared-state/in-process-state.ts'
import { shareProviderBreakers } from './share-breakers.ts'

const limits = { failureThreshold: 3, successThreshold: 2, openMs: 30_000, windowMs: 60_000 }

it('count together in all processes, and follow each other', async () => {
  const state = new InProcessState(() => 0)
  const [here, there] = [new ProviderBreakers(), new ProviderBreakers()]
  const changes: string[] = []
  there.onChange((...change) => changes.push(change.join(' ')))
  await Promise.all([here, there].map((breakers) => shareProviderBreakers(state, breakers)))
  here.recordFailure('openai', limits, 0)
  there.recordFailure('openai', limits, 1)
  here.recordFailure('openai', limits, 2)
  expect(there.waitMs('openai', 2)).toBe(limits.openMs)
  expect(there.takeTrial('openai', limits.openMs + 2)).toBe(true)
  expect(here.takeTrial('openai', limits.openMs + 2)).toBe(false)
  there.passTrial('openai', limits)
  expect(here.takeTrial('openai', limits.openMs + 2)).toBe(true)
  here.passTrial('openai', limits)
  expect([here.hasOpen, there.hasOpen]).toEqual([false, false])
  expect(changes).toEqual(['openai closed open', 'openai open half_open', 'openai half_open closed'])
})

it('are told to one that starts later', async () => {
  const state = new InProcessState(() => 0)
  const [first, second, late] = [new ProviderBreakers(), new ProviderBreakers(), new ProviderBreakers()]
  await Promise.all([first, second].map((breakers) => shareProviderBreakers(state, breakers)))
  for (let failures = 0; failures < 3; failures++) first.recordFailure('openai', limits, 0)
  first.takeTrial('openai', limits.openMs)
  first.passTrial('openai', limits)
  expect(late.waitMs('openai', 0)).toBeNull()
  await shareProviderBreakers(state, late)
  await vi.waitFor(() => expect(late.waitMs('openai', 0)).toBe(limits.openMs))
  // The answers are for the one that asked: the trial that passed still counts with those who saw it.
  second.takeTrial('openai', limits.openMs)
  second.passTrial('openai', limits)
  expect([first.hasOpen, second.hasOpen, late.hasOpen]).toEqual([false, false, false])
})

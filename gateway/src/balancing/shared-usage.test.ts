import { describe, expect, it } from 'vitest'
import { DeploymentStates } from './deployment-states.ts'

const minute = 60_000
const now = 7 * minute + 5

function pair() {
  const here = new DeploymentStates(true)
  const there = new DeploymentStates(true)
  return { here, there, local: here.get('d'), remote: there.get('d') }
}

describe('usage shared between workers', () => {
  it('adds up on both sides, each amount told once', () => {
    const { here, there, local, remote } = pair()
    local.reserve(now, 100)
    remote.reserve(now, 40)
    there.addForeignUsage(now, here.takeUnsharedUsage(now))
    here.addForeignUsage(now, there.takeUnsharedUsage(now))
    for (const state of [local, remote]) {
      expect(state.requestsThisMinute(now)).toBe(2)
      expect(state.tokensThisMinute(now)).toBe(140)
    }
    expect(here.takeUnsharedUsage(now)).toEqual([])
  })

  it('corrects the tokens when an attempt used fewer than it reserved', () => {
    const { here, there, local, remote } = pair()
    local.reserve(now, 100)
    there.addForeignUsage(now, here.takeUnsharedUsage(now))
    local.release(now, now, 100, 30)
    there.addForeignUsage(now, here.takeUnsharedUsage(now))
    expect(remote.tokensThisMinute(now)).toBe(30)
    expect(remote.requestsThisMinute(now)).toBe(1)
  })

  it('forgets with the minute and ignores news of another one', () => {
    const { here, there, local, remote } = pair()
    local.reserve(now, 100)
    const late = here.takeUnsharedUsage(now)
    there.addForeignUsage(now + minute, late)
    expect(remote.requestsThisMinute(now + minute)).toBe(0)
    there.addForeignUsage(now, late)
    expect(remote.requestsThisMinute(now + minute)).toBe(0)
  })

  it('keeps nothing when nobody shares', () => {
    const alone = new DeploymentStates()
    alone.get('d').reserve(now, 1)
    expect(alone.takeUnsharedUsage(now)).toEqual([])
  })
})

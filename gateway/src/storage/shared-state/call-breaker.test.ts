import { describe, expect, it } from 'vitest'
import { CallBreaker } from './call-breaker.ts'

describe('CallBreaker', () => {
  const open = (breaker: CallBreaker): void => {
    for (let failure = 0; failure < 5; failure++) breaker.recordFailure()
  }

  it('opens at the fifth failure in a row, not before, and not when one call succeeds in between', () => {
    const breaker = new CallBreaker(() => 0)
    for (let failure = 0; failure < 4; failure++) breaker.recordFailure()
    breaker.recordSuccess()
    for (let failure = 0; failure < 4; failure++) breaker.recordFailure()
    expect(breaker.admits()).toBe(true)
    breaker.recordFailure()
    expect(breaker.admits()).toBe(false)
  })

  it('lets one probe through after a minute and closes when it succeeds', () => {
    let clock = 0
    const breaker = new CallBreaker(() => clock)
    open(breaker)
    clock = 59_999
    expect(breaker.admits()).toBe(false)
    clock = 60_000
    expect([breaker.admits(), breaker.admits()]).toEqual([true, false])
    breaker.recordSuccess()
    expect([breaker.admits(), breaker.admits()]).toEqual([true, true])
  })

  it('stays open for another minute when the probe fails', () => {
    let clock = 0
    const breaker = new CallBreaker(() => clock)
    open(breaker)
    clock = 60_000
    breaker.admits()
    breaker.recordFailure()
    clock = 119_999
    expect(breaker.admits()).toBe(false)
    clock = 120_000
    expect(breaker.admits()).toBe(true)
  })
})

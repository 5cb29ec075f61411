import { describe, expect, it } from 'vitest'
import { CallsBySource } from './calls-by-source.ts'

describe('CallsBySource', () => {
  let now = 0
  const attempts = () =>
    new CallsBySource(
      () => 3,
      () => now,
    )
  const times = (count: number, record: () => boolean) => Array.from({ length: count }, record)

  it('speaks up from the first one over the limit', () => {
    const counted = attempts()
    expect(times(5, () => counted.record('a'))).toEqual([false, false, false, true, true])
  })

  it('counts every source by itself', () => {
    const counted = attempts()
    times(3, () => counted.record('a'))
    expect([counted.record('b'), counted.record('a')]).toEqual([false, true])
  })

  it('begins anew after a minute', () => {
    const counted = attempts()
    times(4, () => counted.record('a'))
    now += 59_999
    expect(counted.record('a')).toBe(true)
    now += 1
    expect(counted.record('a')).toBe(false)
  })

  it('keeps a bounded number of sources', () => {
    const counted = attempts()
    for (let index = 0; index < 30_000; index += 1) counted.record(`source ${index}`)
    expect(times(4, () => counted.record('last'))).toEqual([false, false, false, true])
  })
})

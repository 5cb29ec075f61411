import { describe, expect, it } from 'vitest'
import { SeriesCache } from './series-cache.ts'

describe('SeriesCache', () => {
  it('binds a key once', () => {
    let bound = 0
    const cache = new SeriesCache((key) => ({ key, number: bound++ }))
    expect(cache.get('a')).toBe(cache.get('a'))
    expect(cache.get('b').number).toBe(1)
  })

  it('starts over rather than grow without end', () => {
    let bound = 0
    const cache = new SeriesCache(() => ({ number: bound++ }))
    const first = cache.get('k0')
    for (let index = 1; index < 20_000; index++) cache.get(`k${index}`)
    expect(cache.get('k0')).not.toBe(first)
  })
})

import { describe, expect, it } from 'vitest'
import { CallQueue } from './call-queue.ts'
import { Http1Call } from './http1-call.ts'
import { CollectedAnswer } from './testing/collected-answer.ts'

function calls(count: number): Http1Call[] {
  const request = { head: Buffer.alloc(0), body: [], rest: null }
  return Array.from({ length: count }, () => new Http1Call(request, new CollectedAnswer()))
}

describe('CallQueue', () => {
  it('gives calls back in order, whichever were cancelled', () => {
    for (let cancelled = 0; cancelled < 16; cancelled++) {
      const queue = new CallQueue()
      const all = calls(4)
      for (const call of all) queue.add(call)
      const kept = all.filter((call, index) => {
        if ((cancelled >> index) % 2 === 0) return true
        call.cancel()
        call.cancel()
        return false
      })
      expect(queue.length).toBe(kept.length)
      expect(kept.map(() => queue.take())).toEqual(kept)
      expect(queue.take()).toBe(null)
      expect(queue.length).toBe(0)
    }
  })

  it('can be filled again after it was empty', () => {
    const queue = new CallQueue()
    const [first, second] = calls(2)
    queue.add(first!)
    queue.take()
    queue.add(second!)
    queue.add(first!)
    expect([queue.take(), queue.take(), queue.take()]).toEqual([second, first, null])
  })
})

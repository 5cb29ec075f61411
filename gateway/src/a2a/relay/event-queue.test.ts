import { expect, it } from 'vitest'
import { EventQueue } from './event-queue.ts'

it('pauses the agent by the number of events, and goes on when there is room', async () => {
  const queue = new EventQueue()
  let asked = 0
  queue.onRoom = () => {
    asked += 1
  }
  const flows = Array.from({ length: 64 }, (_, at) => queue.push(String(at)))
  expect(flows.indexOf(false)).toBe(63)
  const iterator = queue[Symbol.asyncIterator]()
  expect([(await iterator.next()).value, asked]).toEqual(['0', 1])
})

it('pauses the agent by the size of what waits', async () => {
  const queue = new EventQueue()
  let asked = 0
  queue.onRoom = () => {
    asked += 1
  }
  const large = 'x'.repeat(600_000)
  expect([queue.push(large), queue.push(large)]).toEqual([true, false])
  const iterator = queue[Symbol.asyncIterator]()
  await iterator.next()
  expect(asked).toBe(1)
})

it('gives what waits before it fails, and says when nobody reads any more', async () => {
  const queue = new EventQueue()
  let isAbandoned = false
  queue.onAbandoned = () => {
    isAbandoned = true
  }
  queue.push('one')
  queue.end(new Error('cut'))
  const seen: string[] = []
  const read = async () => {
    for await (const event of queue) seen.push(event)
  }
  await expect(read()).rejects.toThrow('cut')
  expect([seen, isAbandoned]).toEqual([['one'], true])
})

import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { makeRoutingId, poolRandomBytes } from './routing-id.ts'

it('takes from a pool what was not taken before, of any size', () => {
  const drawn: number[] = []
  const draw = poolRandomBytes((size) => {
    drawn.push(size)
    return randomBytes(size)
  })
  const ids = Array.from({ length: 1_000 }, () => makeRoutingId(draw))
  expect(new Set(ids).size).toBe(1_000)
  for (const id of ids) expect(id).toMatch(/^rt_[0-9a-f]{24}$/)
  expect(drawn).toHaveLength(4)
  expect(draw(100_000)).toHaveLength(100_000)
})

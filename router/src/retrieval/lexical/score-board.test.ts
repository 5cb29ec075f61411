import { describe, expect, it } from 'vitest'
import { createRandom } from '../make-skill.fixture.ts'
import { ScoreBoard } from './score-board.ts'

const greatest = 2.2

function createBoard(slots: number): ScoreBoard {
  const board = ScoreBoard.create(greatest)
  if (board === null) throw new Error('Node has WebAssembly SIMD since version 16')
  board.reserve(slots)
  return board
}

describe('ScoreBoard', () => {
  it('adds lists up as one would slot by slot, to the last slot', () => {
    const random = createRandom(3)
    const board = createBoard(1003)
    const expected = new Float64Array(1003)
    for (let term = 0; term < 5; term++) {
      const weight = 10 * random()
      const start = board.open(term, 1)
      for (let slot = 0; slot < expected.length; slot++) {
        const impact = random() < 0.5 ? 0 : greatest * random()
        board.lists[start + slot] = impact / board.unit + 0.5
        expected[slot] = (expected[slot] as number) + weight * impact
      }
      board.add(start, weight)
    }
    for (const [slot, score] of expected.entries()) expect(board.scores[slot]).toBeCloseTo(score, 2)
    board.scores.fill(0)
    const start = board.find(2, 1)
    board.lists.fill(65_535, start, start + 1003)
    board.add(start, 3)
    expect(board.scores[1002]).toBeCloseTo(3 * greatest, 5)
  })

  it('knows a list until the next edit, and begins it with zeros', () => {
    const board = createBoard(100)
    const start = board.open(7, 1)
    board.lists[start + 99] = 5
    expect(board.find(7, 1)).toBe(start)
    expect(board.find(7, 2)).toBe(-1)
    expect(board.find(8, 1)).toBe(-1)
    expect(board.open(7, 2)).toBe(start)
    expect(board.lists[start + 99]).toBe(0)
  })

  it('gives the place of the oldest list to a new one when there are too many', () => {
    const board = createBoard(300_000)
    const starts = Array.from({ length: 64 }, (_, term) => board.open(term, 1))
    expect(new Set(starts).size).toBe(64)
    board.open(0, 2)
    expect(board.open(64, 1)).toBe(starts[1])
    expect(board.find(1, 1)).toBe(-1)
    expect(board.find(0, 2)).toBe(starts[0])
    expect(board.find(63, 1)).toBe(starts[63])
  })

  it('forgets all when it becomes larger', () => {
    const board = createBoard(100)
    board.lists[board.open(7, 1)] = 5
    board.add(board.find(7, 1), 1)
    board.reserve(40_000)
    expect(board.find(7, 1)).toBe(-1)
    expect(board.scores.every((score) => score === 0)).toBe(true)
    const start = board.open(1, 1)
    expect(board.lists.subarray(start, start + 40_000).every((number) => number === 0)).toBe(true)
  })
})

import { describe, expect, it } from 'vitest'
import { AnswerHistory } from './answer-history.ts'

describe('AnswerHistory', () => {
  it('has room for so many and keeps each one apart', () => {
    const history = new AnswerHistory()
    const places: number[] = []
    while (!history.isFull) places.push(history.takePlace())
    expect(new Set(places).size).toBe(places.length)
    for (const round of [1, 2, 3]) for (const place of places) history.recordTime(place, round * 1000 + place)
    for (const place of places) {
      expect(history.count(place)).toBe(3)
      expect([0, 0.5, 1].map((share) => history.percentile(place, share, 3))).toEqual(
        [1, 2, 3].map((round) => round * 1000 + place),
      )
      expect(history.percentile(place, 0, 2)).toBe(2000 + place)
    }
  })

  it.each([1, 255, 256, 257, 700])('knows the last 256 of %i answers', (answers) => {
    const history = new AnswerHistory()
    const [other, place] = [history.takePlace(), history.takePlace()]
    expect(history.percentile(place, 1, 256)).toBeNull()
    for (let answer = 1; answer <= answers; answer++) history.recordTime(place, answer)
    const kept = Math.min(answers, 256)
    expect(history.count(place)).toBe(kept)
    expect(history.percentile(place, 0, 1_000)).toBe(answers - kept + 1)
    expect(history.percentile(place, 1, 1_000)).toBe(answers)
    expect(history.percentile(place, 0, 1)).toBe(answers)
    expect(history.percentile(other, 1, 256)).toBeNull()
  })
})

import { describe, expect, it } from 'vitest'
import { splitRequest } from './split-request.ts'

describe('splitRequest', () => {
  it('takes sentences and steps apart', () => {
    expect(splitRequest('Book a flight to Rome, then find a good hotel. Finally send me the bill!')).toEqual([
      'Book a flight to Rome',
      'find a good hotel.',
      'Finally send me the bill!',
    ])
  })

  it('has no parts for one sentence, or for scraps', () => {
    expect(splitRequest('Book a flight to Rome')).toEqual([])
    expect(splitRequest('Hi! Book a flight to Rome.')).toEqual([])
    expect(splitRequest('')).toEqual([])
  })

  it('reads no more parts of a long text than it can afford', () => {
    expect(splitRequest('Do this one thing. '.repeat(400))).toHaveLength(8)
  })
})

import { describe, expect, it } from 'vitest'
import { findArgumentProblem } from './validate-arguments.ts'

const schema = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer' }, note: { type: ['string', 'null'] } },
  required: ['city'],
  additionalProperties: false,
}

describe('the arguments of a tool', () => {
  it.each([[{ city: 'Paris' }], [{ city: 'Paris', days: 3, note: null }], [{ city: 'Paris', days: null }]])(
    'fit: %j',
    (args) => {
      expect(findArgumentProblem(schema, args)).toBeNull()
    },
  )

  it.each([
    [{}],
    [{ city: null }],
    [{ city: 'Paris', days: 'three' }],
    [{ city: 'Paris', days: 'x', note: null }],
    [[]],
  ])('do not fit: %j', (args) => {
    expect(findArgumentProblem(schema, args)).toEqual(expect.any(String))
  })

  it('are not checked where there is no schema, or none that can be used', () => {
    expect(findArgumentProblem(undefined, { anything: 1 })).toBeNull()
    expect(findArgumentProblem({ type: 'nonsense' }, { anything: 1 })).toBeNull()
  })
})

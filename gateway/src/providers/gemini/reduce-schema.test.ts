import { describe, expect, it } from 'vitest'
import { reduceSchema } from './reduce-schema.ts'

describe('reduceSchema', () => {
  it('leaves out what the subset lacks, at every depth', () => {
    const schema = {
      $schema: 'x',
      type: 'object',
      additionalProperties: false,
      properties: {
        list: {
          type: 'array',
          items: { type: 'object', patternProperties: {}, unevaluatedProperties: false },
        },
        when: { type: 'string', format: 'date-time' },
        mail: { type: 'string', format: 'email' },
      },
      required: ['list'],
    }
    expect(reduceSchema(schema)).toEqual({
      type: 'object',
      properties: {
        list: { type: 'array', items: { type: 'object' } },
        when: { type: 'string', format: 'date-time' },
        mail: { type: 'string' },
      },
      required: ['list'],
    })
  })

  it('keeps properties that are named like keywords', () => {
    const properties = { $ref: { type: 'string' }, additionalProperties: { type: 'string' } }
    expect(reduceSchema({ type: 'object', properties })).toEqual({ type: 'object', properties })
  })

  it('writes references out', () => {
    const schema = {
      properties: { a: { $ref: '#/$defs/A', description: 'd' }, b: { $ref: '#/$defs/x~1y' } },
      $defs: { A: { type: 'object', properties: { n: { type: 'integer' } } }, 'x/y': { type: 'number' } },
    }
    expect(reduceSchema(schema)['properties']).toEqual({
      a: { type: 'object', properties: { n: { type: 'integer' } }, description: 'd' },
      b: { type: 'number' },
    })
  })

  it('ends a recursive type, and takes a reference to nothing for any object', () => {
    const node = { type: 'object', properties: { next: { $ref: '#/$defs/node' } } }
    expect(reduceSchema({ $ref: '#/$defs/node', $defs: { node } })).toEqual({
      type: 'object',
      properties: { next: { type: 'object' } },
    })
    expect(reduceSchema({ $ref: '#/nowhere' })).toEqual({ type: 'object' })
    expect(reduceSchema({ $ref: 'https://e.org/schema' })).toEqual({ type: 'object' })
  })

  it('does not let references grow a small schema into a huge one', () => {
    const $defs: Record<string, object> = {}
    for (let level = 0; level < 40; level++) {
      const next = { $ref: `#/$defs/n${level + 1}` }
      $defs[`n${level}`] = { type: 'object', properties: { a: next, b: next } }
    }
    expect(JSON.stringify(reduceSchema({ $ref: '#/$defs/n0', $defs })).length).toBeLessThan(1_000_000)
  })

  it.each([
    [{ const: 'a' }, { enum: ['a'], type: 'string' }],
    [{ enum: ['a', null] }, { enum: ['a'], type: 'string', nullable: true }],
    [{ enum: [1, 2] }, { type: 'number' }],
    [{ type: ['string', 'null'] }, { type: 'string', nullable: true }],
    [{ type: ['string', 'integer'] }, { anyOf: [{ type: 'string' }, { type: 'integer' }] }],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, { type: 'string', nullable: true }],
    [
      { oneOf: [{ type: 'string' }, { type: 'integer' }] },
      { anyOf: [{ type: 'string' }, { type: 'integer' }] },
    ],
    [
      {
        allOf: [
          { type: 'object', required: ['a'] },
          { properties: { a: { type: 'string' } }, required: [] },
        ],
      },
      { type: 'object', required: ['a'], properties: { a: { type: 'string' } } },
    ],
    [{ type: 'array' }, { type: 'array', items: {} }],
  ])('reduces %j', (schema, reduced) => {
    expect(reduceSchema(schema)).toEqual(reduced)
  })
})

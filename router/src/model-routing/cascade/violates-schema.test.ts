import { describe, expect, it } from 'vitest'
import { violatesSchema } from './violates-schema.ts'

const person = {
  type: 'object',
  properties: { name: { type: 'string', minLength: 1 }, age: { type: ['integer', 'null'], minimum: 0 } },
  required: ['name', 'age'],
  additionalProperties: false,
}
const tree = {
  $defs: {
    node: { type: 'object', properties: { children: { type: 'array', items: { $ref: '#/$defs/node' } } } },
  },
  $ref: '#/$defs/node',
}

describe('a value that certainly does not fit', () => {
  it.each<[value: unknown, schema: unknown]>([
    ['a', { type: 'number' }],
    [1.5, { type: 'integer' }],
    [null, { type: ['string', 'number'] }],
    [[], { type: 'object' }],
    [{ name: 'Ada' }, person],
    [{ name: '', age: 3 }, person],
    [{ name: 'Ada', age: -1 }, person],
    [{ name: 'Ada', age: 1, born: 1815 }, person],
    ['red', { enum: ['green', 1, null] }],
    [{ a: [1] }, { const: { a: [2] } }],
    [[1, 'a'], { items: { type: 'number' } }],
    [[1, 'a'], { prefixItems: [{}, { type: 'number' }] }],
    [[1, 'a'], { items: [{}, { type: 'number' }] }],
    [[1], { minItems: 2 }],
    [[1, 2, 3], { maxItems: 2 }],
    [5, { exclusiveMaximum: 5 }],
    ['🌲🌳', { maxLength: 1 }],
    [1, { allOf: [{ type: 'number' }, { maximum: 0 }] }],
    [1, { anyOf: [{ type: 'string' }, { maximum: 0 }] }],
    [1, { oneOf: [{ type: 'string' }, { type: 'null' }] }],
    [{ children: [{ children: [7] }] }, tree],
    [{ a: 1 }, { additionalProperties: { type: 'string' } }],
    [1, false],
  ])('%j under %j', (value, schema) => {
    expect(violatesSchema(value, schema)).toBe(true)
  })
})

describe('a value that fits, or of which it is not certain', () => {
  it.each<[value: unknown, schema: unknown]>([
    [{ name: 'Ada', age: 36 }, person],
    [{ name: 'Ada', age: null }, person],
    [1, { type: 'number' }],
    [1, { type: 'NUMBER' }],
    [1, { type: ['string', 'decimal'] }],
    ['🌲', { minLength: 1, maxLength: 1 }],
    ['a', { pattern: '^b$', format: 'date' }],
    ['a', { not: { type: 'string' } }],
    [1, { oneOf: [{ type: 'number' }, { type: 'integer' }] }],
    [{ a: 1 }, { patternProperties: { b: {} }, additionalProperties: false }],
    [{ children: [{ children: [] }] }, tree],
    [1, { $ref: 'https://example.com/schema' }],
    [1, { $ref: '#/nowhere' }],
    [1, { $ref: '#' }],
    [1, null],
    [1, 'a schema'],
    [1, {}],
    [1, { properties: { constructor: false }, required: ['toString'] }],
    [{}, { properties: { constructor: false } }],
  ])('%j under %j', (value, schema) => {
    expect(violatesSchema(value, schema)).toBe(false)
  })

  it('is one whose schema leads to too much', () => {
    let schema: object = { type: 'string' }
    for (let level = 0; level < 40; level++) schema = { allOf: [schema, schema], type: 'number' }
    expect(violatesSchema(1, { anyOf: [schema, schema] })).toBe(true)
    let endless: object = { type: 'number' }
    for (let level = 0; level < 40; level++) endless = { allOf: [endless, endless] }
    expect(violatesSchema(1, endless)).toBe(false)
    const choices = Array.from({ length: 10_000 }, (_, at) => at)
    expect(
      violatesSchema(
        Array.from({ length: 10_000 }, () => -1),
        { items: { anyOf: [{ enum: choices }, {}] } },
      ),
    ).toBe(false)
  })
})

import { describe, expect, it } from 'vitest'
import { generateKeySchema, selectKeysSchema } from './key-schema.ts'

const problems = (body: unknown): string[] =>
  generateKeySchema
    .safeParse(body)
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []

describe('/key/generate', () => {
  it('needs nothing, takes null for nothing, and keeps what it does not know', () => {
    expect(generateKeySchema.parse({})).toEqual({})
    const sparse = { key: null, key_alias: null, duration: null, models: null, metadata: null, blocked: null }
    expect(problems(sparse)).toEqual([])
    expect(generateKeySchema.parse({ max_budget: 5, tpm_limit: 10 })).toEqual({
      max_budget: 5,
      tpm_limit: 10,
    })
  })

  it.each([
    [{ key: 'secret-key' }, 'key: a key must start with sk-'],
    [{ key: 'sk-1' }, 'key: a key needs at least 8 characters'],
    [{ key: 'sk-with space' }, 'key: a key may hold printable ASCII only'],
    [{ key: 'sk-schlüssel' }, 'key: a key may hold printable ASCII only'],
    [{ duration: 'forever' }, 'duration: use a number and a unit: 30s, 15m, 12h, 30d, 2w or 1mo'],
    [
      { duration: '999999999w' },
      'duration: use at most 1000 years, or leave it out for a key that never expires',
    ],
    [
      { duration: '99999999999999999mo' },
      'duration: use at most 1000 years, or leave it out for a key that never expires',
    ],
  ])('%j is refused', (body, problem) => {
    expect(problems(body)).toEqual([problem])
  })

  it.each([
    { key: `sk-${'x'.repeat(510)}` },
    { key_alias: '' },
    { key_alias: 'x'.repeat(257) },
    { models: 'gpt' },
    { models: [''] },
    { aliases: { a: 1 } },
    { tags: [7] },
    { metadata: [] },
    { blocked: 'yes' },
    { user_id: '' },
    { duration: 30 },
    [],
  ])('%j is refused, naming the member', (body) => {
    expect(problems(body)).toHaveLength(1)
    expect(problems(body)[0]).toContain(Object.keys(body)[0] ?? '')
  })

  it('a thousand years are enough', () => {
    expect(problems({ duration: '52000w' })).toEqual([])
  })
})

describe('/key/delete', () => {
  it.each([
    [{ keys: ['sk-1'] }, true],
    [{ key_aliases: ['a'] }, true],
    [{ keys: [], key_aliases: undefined }, true],
    [{}, false],
    [{ keys: ['sk-1'], key_aliases: ['a'] }, false],
    [{ keys: [''] }, false],
    [{ keys: 'sk-1' }, false],
  ])('%j: %s', (body, accepted) => {
    expect(selectKeysSchema.safeParse(body).success).toBe(accepted)
  })
})

import { describe, expect, it } from 'vitest'
import { LinearRegex } from './linear-regex.ts'

const alphabet = ['a', 'b', 'c', '-', '1', ' ']

/** Every text of up to five characters. */
function* texts(length = 5): Generator<string> {
  yield ''
  if (length === 0) return
  for (const rest of texts(length - 1)) for (const character of alphabet) yield character + rest
}

const samples = [...new Set(texts(4))]

describe('LinearRegex', () => {
  it.each([
    ...['^a', 'a$', '^a*$', '^a+b?$', '^(ab|c)+$', '^(?:a|b){2,3}$', '^[a-c]+-?\\d$', '^[^a]', '.', '^.{2}$'],
    ...[
      '^(a*)*$',
      '^(a|a)*b$',
      'a||b',
      '^$',
      '',
      '(^a|b$)',
      '^a{0}$',
      '^a{2,}$',
      '[]a]',
      '^[a\\-]+$',
      '^\\w\\s\\W',
    ],
    ...['^a+?b', '^[\\d-]+$', '^((a|b)c?)+$', '^(a{1,2}){2}$', '^\\x61\\u0062'],
  ])('%s finds what the regular expressions of JavaScript find', (source) => {
    const ours = new LinearRegex(source)
    // JavaScript reads `[]` as an empty class.
    const theirs = new RegExp(source.replace('[]', '[\\]'))
    const different = samples.filter((text) => ours.test(text) !== theirs.test(text))
    expect(different).toEqual([])
  })

  it.each([
    ...[
      '^(a',
      '^a)',
      '^[a',
      '^*',
      '^a(?=b)',
      '^(?<!a)b',
      '^(a)\\1',
      '^a\\',
      '^\\b',
      '^[b-a]',
      '^a{3,2}',
      '^^*',
    ],
    '^(a{1000}){1000}',
  ])('%s is refused', (source) => {
    expect(() => new LinearRegex(source)).toThrow(SyntaxError)
  })

  it('takes so many steps a character and no more where others never end', () => {
    const regex = new LinearRegex('^(a+)+$')
    expect(regex.test(`${'a'.repeat(50_000)}!`)).toBe(false)
    expect(new LinearRegex('^(.*a){12}$').test('a'.repeat(10_000))).toBe(true)
  })
})

import { expect, it } from 'vitest'
import { ChainedText } from './chain.ts'
import { apart } from './pattern-rule.ts'

const found = (text: string, barriers = '\n') =>
  [...new ChainedText(text).match(apart(/\ba\b/g, 10, /\bz\b/g, barriers))].map((match) => match[0])

it('joins patterns that are near enough with nothing forbidden between them', () => {
  expect(found('a z')).toEqual(['a z'])
  expect(found('a 23456789 z')).toEqual(['a 23456789 z'])
  expect(found('a 234567890 z')).toEqual([])
  expect(found('a\nz')).toEqual([])
  expect(found('z a')).toEqual([])
  expect(found('a | z', '\n|')).toEqual([])
})

it('shows the most that belongs together, for each last pattern', () => {
  expect(found('a a z z')).toEqual(['a a z', 'a a z z'])
  expect(found('a\na z')).toEqual(['a z'])
  expect(found('a 234567890 a z')).toEqual(['a z'])
})

it('goes on over several links', () => {
  const chain = {
    first: /a/g,
    links: [
      { within: 3, barriers: '\n', next: /b/g },
      { within: 3, barriers: '\n', next: /c/g },
    ],
  }
  expect([...new ChainedText('a b c').match(chain)].map(({ index }) => index)).toEqual([0])
  expect([...new ChainedText('a b\nc a  b  c').match(chain)].map((match) => match[0])).toEqual(['a  b  c'])
})

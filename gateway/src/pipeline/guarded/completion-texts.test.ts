import { expect, it } from 'vitest'
import { readCompletion } from './completion-texts.ts'

const stream = (...chunks: object[]): string =>
  `${chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')}data: [DONE]\n\n`
const piece = (index: number, text: string, more: object = {}): object => ({
  id: 'c',
  choices: [{ index, text, ...more }],
})

it('a streamed completion has one text for each choice, and is written again with others', () => {
  const text = stream(
    piece(0, 'I am ', { logprobs: { tokens: ['I', ' am'] } }),
    piece(1, 'We are'),
    piece(0, 'Ann'),
    piece(0, '', { finish_reason: 'stop' }),
  )
  const read = readCompletion(true, text)
  expect(read?.texts).toEqual(['I am Ann', 'We are'])
  expect(read?.write(['I am X', 'We are']).body.toString()).toBe(
    stream(
      piece(0, 'I am X', { logprobs: null }),
      piece(1, 'We are', { logprobs: null }),
      piece(0, '', { logprobs: null }),
      piece(0, '', { finish_reason: 'stop', logprobs: null }),
    ),
  )
})

it.each([
  ['words in another place', true, stream({ choices: [{ index: 0, delta: { content: 'Ann' } }] })],
  ['no JSON', false, 'Ann'],
  ['an event that is no JSON', true, 'data: Ann\n\n'],
])('%s cannot be read', (_, isStream, text) => {
  expect(readCompletion(isStream, text)).toBeNull()
})

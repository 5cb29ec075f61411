import { describe, expect, it } from 'vitest'
import type { JsonRecord } from '../../conversation/json-value.ts'
import { seededRandom } from '../../deployments/for-test.ts'
import { ChatStreamDecoder } from './decode-stream.ts'
import { RepeatedChunk } from './repeated-chunk.ts'

const chunkOf = (delta: unknown, members: JsonRecord = {}, choice: JsonRecord = {}) => ({
  id: 'c-1',
  object: 'chat.completion.chunk',
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: null, ...choice }],
  usage: null,
  ...members,
})

const patternOf = (chunk: unknown, text: string) =>
  RepeatedChunk.of(JSON.stringify(chunk), { type: 'text-delta', choice: 0, text })
const textOf = (pattern: RepeatedChunk | null, chunk: unknown) =>
  pattern?.decode(JSON.stringify(chunk))?.text ?? null

describe('RepeatedChunk', () => {
  it('takes what differs in its text alone, escapes included', () => {
    const pattern = patternOf(chunkOf({ content: 'a' }), 'a')
    for (const content of ['b', 'quo"te', 'back\\slash\\', 'line\n', '𝄞é\u0000', '"}]}'])
      expect(textOf(pattern, chunkOf({ content }))).toBe(content)
  })

  it.each([
    ['another id', chunkOf({ content: 'b' }, { id: 'c-2' })],
    ['a reason to end', chunkOf({ content: 'b' }, {}, { finish_reason: 'stop' })],
    ['usage', chunkOf({ content: 'b' }, { usage: { prompt_tokens: 1 } })],
    ['another member', chunkOf({ content: 'b', refusal: 'no' })],
    ['no text', chunkOf({ content: '' })],
    ['a list', chunkOf({ content: ['b'] })],
    ['nothing', chunkOf({ content: null })],
  ])('leaves an event with %s alone', (_, chunk) => {
    expect(textOf(patternOf(chunkOf({ content: 'a' }), 'a'), chunk)).toBeNull()
  })

  it('takes padding that changes', () => {
    const padded = (content: string, obfuscation: unknown) => chunkOf({ content }, { obfuscation })
    const pattern = patternOf(padded('a', 'x1'), 'a')
    expect(textOf(pattern, padded('b', 'yyyyyy'))).toBe('b')
    expect(textOf(pattern, padded('b', ''))).toBe('b')
    expect(textOf(pattern, padded('b', { error: 'x' }))).toBeNull()
  })

  it('makes no pattern where the text stands elsewhere too', () => {
    expect(patternOf(chunkOf({ role: 'assistant', content: 'assistant' }), 'assistant')).toBeNull()
    expect(patternOf(chunkOf({ content: [{ type: 'text', text: 'a' }] }), 'a')).toBeNull()
  })

  it('refuses what is cut or not JSON', () => {
    const pattern = patternOf(chunkOf({ content: 'a' }), 'a')
    const data = JSON.stringify(chunkOf({ content: 'bc' }))
    for (let at = 0; at < data.length; at += 1) expect(pattern?.decode(data.slice(0, at))).toBeNull()
    expect(pattern?.decode(data.replace('bc', '\\x'))).toBeNull()
    expect(pattern?.decode(`${data} `)).toBeNull()
  })
})

describe('a decoder with patterns', () => {
  const texts = ['a', 'b', 'quo"te', '\n', '\\', 'assistant', 'c-1', '', '{"content":"x"}']
  const deltas = [
    (text: string) => ({ content: text }),
    (text: string) => ({ role: 'assistant', content: text }),
    (text: string) => ({ content: text, reasoning_content: text }),
    (text: string) => ({ content: [{ type: 'text', text }] }),
    (text: string) => ({ refusal: text }),
  ]
  const members = [{}, {}, { obfuscation: 'p' }, { obfuscation: 'pp' }, { system_fingerprint: 'f' }]
  const choices = [{}, {}, { index: 1 }, { logprobs: { content: [] } }]

  it.each([1, 2, 3])('says what one without says of random events (%i)', (seed) => {
    const random = seededRandom(seed)
    const pick = <Value>(values: readonly Value[]) => values[Math.floor(random() * values.length)] as Value
    const [fast, plain] = [new ChatStreamDecoder(), new ChatStreamDecoder()]
    for (let turn = 0; turn < 3000; turn += 1) {
      // Streaks, because nothing repeats among single events.
      const [delta, extra, choice] = [pick(deltas), pick(members), pick(choices)]
      for (let streak = 0; streak < 3; streak += 1) {
        const chunk = chunkOf(delta(pick(texts)), extra, choice)
        expect(fast.push({ data: JSON.stringify(chunk) })).toEqual(plain.decodeChunk(chunk))
      }
    }
    expect(fast.push({ data: '[DONE]' })).toEqual([])
    plain.push({ data: '[DONE]' })
    expect(fast.end()).toEqual(plain.end())
  })
})

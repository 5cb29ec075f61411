import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { afterAll, describe, expect, it } from 'vitest'
import type { Part } from '../conversation/part.ts'
import { sampleRequest } from '../conversation/request.fixture.ts'
import { TokenCounter } from './token-counter.ts'

const counter = new TokenCounter(60_000)
afterAll(() => counter.close())

const user = (text: string) => ({ role: 'user' as const, parts: [{ type: 'text' as const, text }] })
const prose = 'The quick brown fox jumps over the lazy dog, and then it runs away. '

describe('counting for a model with a public vocabulary', () => {
  it('is exact for messages', async () => {
    // 3 for the message, 1 for the role, 3 that prime the answer.
    const request = sampleRequest({ messages: [user('Hello, world!')] })
    expect(await counter.count(request, 'gpt-4o')).toEqual({
      tokens: 3 + 1 + 3 + countTokens('Hello, world!'),
      method: 'tokenizer',
      vocabulary: 'o200k_base',
    })
  })

  it('takes special tokens for the text they are', async () => {
    const { tokens } = await counter.countTexts(['<|endoftext|>'], 'gpt-4o')
    expect(tokens).toBeGreaterThan(3)
  })

  it('counts long texts as if they were not cut', async () => {
    const text = prose.repeat(1000)
    const { tokens } = await counter.countTexts([text], 'gpt-4o')
    expect(tokens).toBe(countTokens(text))
  })

  it('knows the older vocabulary too', async () => {
    const count = await counter.countTexts(['안녕하세요'], 'gpt-4')
    expect(count.vocabulary).toBe('cl100k_base')
    expect(count.tokens).toBeGreaterThan((await counter.countTexts(['안녕하세요'], 'gpt-4o')).tokens)
  })

  it('does not stop the event loop while a word without end is joined', async () => {
    let turns = 0
    const ticking = setInterval(() => turns++, 1)
    const { tokens } = await counter.countTexts(['a'.repeat(100_000)], 'gpt-4o')
    clearInterval(ticking)
    expect(tokens).toBeGreaterThan(10_000)
    expect(turns).toBeGreaterThan(3)
  })

  it('estimates what is beyond every context window', async () => {
    const { method, tokens } = await counter.countTexts(['word '.repeat(900_000)], 'gpt-4o')
    expect(method).toBe('estimate')
    expect(tokens).toBeGreaterThan(900_000)
  })

  it('starts again after it was closed', async () => {
    counter.close()
    expect((await counter.countTexts(['Hello'], 'gpt-4o')).method).toBe('tokenizer')
  })

  it('estimates when the thread ends under a question', async () => {
    const own = new TokenCounter(60_000)
    const waiting = own.countTexts(['Hello'], 'gpt-4o')
    own.close()
    expect(await waiting).toMatchObject({ method: 'estimate', tokens: 2 })
  })
})

describe('counting by estimate', () => {
  it('says so and errs upwards', async () => {
    const count = await counter.count(
      sampleRequest({ messages: [user(prose.repeat(10))] }),
      'claude-opus-4-5',
    )
    expect(count).toMatchObject({ method: 'estimate', vocabulary: null })
    expect(count.tokens).toBeGreaterThan(countTokens(prose.repeat(10)))
  })

  const tokensOf = async (parts: readonly Part[]): Promise<number> =>
    (await counter.count(sampleRequest({ messages: [{ role: 'user', parts }] }), 'claude-opus-4-5')).tokens

  it.each<[string, Part]>([
    ['text', { type: 'text', text: 'some words of text' }],
    ['thinking', { type: 'reasoning', text: 'some words of thought', signature: 's', redacted: null }],
    ['sealed thinking', { type: 'reasoning', text: '', signature: null, redacted: 'c2VhbGVk'.repeat(9) }],
    ['an image', { type: 'image', source: { kind: 'url', url: 'https://example.test/a.png' } }],
    ['a document', { type: 'document', source: { kind: 'text', text: 'some words of a document' } }],
    ['audio', { type: 'audio', data: 'A'.repeat(99_999), format: 'mp3' }],
    [
      'a tool call',
      { type: 'tool-call', id: 'c', name: 'f', kind: 'function', arguments: '{"city":"Rome"}' },
    ],
    [
      'a tool result',
      { type: 'tool-result', toolCallId: 'c', parts: [{ type: 'text', text: 'it rains' }], isError: false },
    ],
    ['a refusal', { type: 'refusal', text: 'some words of refusal' }],
    ['an opaque block', { type: 'opaque', dialect: 'anthropic-messages', value: { text: 'some words' } }],
  ])('counts %s', async (_, part) => {
    expect(await tokensOf([part])).toBeGreaterThan((await tokensOf([])) + 3)
  })

  it('counts tools and the schema of the answer', async () => {
    const parameters = {
      type: 'object',
      properties: { unit: { type: 'string', description: 'The unit.', enum: ['celsius', 'kelvin'] } },
    }
    const tool = {
      type: 'function' as const,
      name: 'weather',
      description: 'Tells it.',
      parameters,
      strict: null,
    }
    const responseFormat = {
      type: 'json_schema' as const,
      name: 'answer',
      description: null,
      schema: parameters,
      strict: null,
    }
    for (const model of ['gpt-4o', 'claude-opus-4-5', 'gemini-2.5-pro', 'llama-3']) {
      const bare = await counter.count(sampleRequest(), model)
      const withTool = await counter.count(sampleRequest({ tools: [tool] }), model)
      const withSchema = await counter.count(sampleRequest({ responseFormat }), model)
      expect(withTool.tokens, model).toBeGreaterThan(bare.tokens + 25)
      expect(withSchema.tokens, model).toBeGreaterThan(bare.tokens + 15)
    }
  })
})

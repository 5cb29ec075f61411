import { describe, expect, it } from 'vitest'
import { collectReply } from '../../conversation/collect-reply.ts'
import { findProvider } from '../registry.ts'
import { sampleTarget } from '../target.fixture.ts'
import { decodeReply } from './decode-reply.ts'
import { decodeUsage } from './decode-usage.ts'
import { ollamaEmbeddings } from './embeddings.ts'

const call = (name: string, args: unknown, id?: string) => ({
  ...(id === undefined ? {} : { id }),
  function: { name, arguments: args },
})
const answer = (message: object, members: object = {}) => ({
  model: 'm',
  created_at: '2026-03-04T05:06:07.123456789Z',
  message: { role: 'assistant', content: '', ...message },
  done: true,
  done_reason: 'stop',
  ...members,
})

describe('decoding Ollama', () => {
  it('mints ids for calls that have none, different in each answer', () => {
    const reply = decodeReply(
      answer({ tool_calls: [call('f', { a: 1 }), call('f', {}), call('g', '{"b":2}', 'own')] }),
    )
    expect(reply.choices[0]?.parts).toMatchObject([
      { id: 'call_20260304050607123456789_0', name: 'f', arguments: '{"a":1}' },
      { id: 'call_20260304050607123456789_1', name: 'f', arguments: '{}' },
      { id: 'own', name: 'g', arguments: '{"b":2}' },
    ])
    expect(reply.choices[0]?.finish).toMatchObject({ reason: 'tool-calls', providerReason: 'stop' })
    expect(reply.created).toBe(1772600767)
  })

  it('keeps what the model has no place for, such as durations', () => {
    expect(decodeReply(answer({ content: 'x' }, { total_duration: 5, load_duration: 1 })).extra).toEqual({
      dialect: 'ollama-chat',
      members: { total_duration: 5, load_duration: 1 },
    })
  })

  it('counts nothing when half of the counts is missing', () => {
    expect(decodeUsage({ eval_count: 7 })).toBeNull()
    expect(decodeUsage({ prompt_eval_count: 7 })).toMatchObject({ inputTokens: 7, outputTokens: 0 })
    expect(collectReply([]).usage).toBeNull()
  })
})

describe('embeddings of the ollama wire', () => {
  const target = sampleTarget(findProvider('ollama')!, 'nomic-embed-text')
  const request = {
    model: 'g',
    inputs: ['a', 'b'],
    dimensions: 64,
    user: 'u',
    extra: { truncate: false, x: 1 },
  }

  it('asks for all inputs at once', () => {
    expect(ollamaEmbeddings.encode(request, target)).toEqual({
      body: { model: 'nomic-embed-text', input: ['a', 'b'], dimensions: 64, truncate: false },
      dropped: ['user', 'x'],
    })
  })

  it('reads vectors and counts', () => {
    const reply = ollamaEmbeddings.decode({ embeddings: [[1, 2], [3]], prompt_eval_count: 4 })
    expect(reply).toMatchObject({ vectors: [[1, 2], [3]], usage: { inputTokens: 4, outputTokens: 0 } })
    expect(ollamaEmbeddings.decode({ embeddings: [[1]] }).usage).toBeNull()
    expect(() => ollamaEmbeddings.decode({ embeddings: ['x'] })).toThrow(/could not be read/)
    expect(() => ollamaEmbeddings.decode(null)).toThrow(/could not be read/)
  })
})

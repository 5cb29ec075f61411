import { describe, expect, it } from 'vitest'
import type { ConversationReply } from '../../conversation/reply.ts'
import { zeroUsage } from '../../conversation/usage.ts'
import { completionToChat, readPrompts } from './completion-request.ts'
import { CompletionStreamFormatter, formatCompletion } from './format-completion.ts'
import { parseChatRequest } from './parse-request.ts'

const head = { id: 'cmpl-1', created: 5, model: 'group' }
const finish = { reason: 'length', providerReason: null, stopSequence: null } as const
const replyOf = (text: string): ConversationReply => ({
  id: null,
  model: null,
  created: null,
  choices: [{ index: 0, parts: [{ type: 'text', text }], finish }],
  usage: { ...zeroUsage, inputTokens: 2, outputTokens: 3 },
  extra: null,
})

describe('completionToChat', () => {
  it('asks each prompt as one user message', () => {
    const body = { model: 'm', prompt: ['a', 'b'], max_tokens: 5, echo: false, best_of: 1 }
    expect(readPrompts(body)).toEqual(['a', 'b'])
    const chat = completionToChat(body, 'b', false)
    expect(chat).toEqual({ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'b' }] })
    expect(parseChatRequest(chat).maxOutputTokens).toBe(5)
  })

  it.each(['echo', 'logprobs', 'best_of', 'suffix'])('refuses %s unless it may be dropped', (name) => {
    const body = { model: 'm', prompt: 'a', [name]: name === 'suffix' ? 'x' : 2 }
    expect(() => completionToChat(body, 'a', false)).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter', options: { param: name } }),
    )
    expect(completionToChat(body, 'a', true)).not.toHaveProperty(name)
  })

  it.each([[[1, 2]], [[]], [5], [[[1]]]])('refuses the prompt %j', (prompt) => {
    expect(() => readPrompts({ prompt })).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  })
})

describe('formatCompletion', () => {
  it('numbers the choices of all prompts and adds up usage', () => {
    expect(formatCompletion([replyOf('x'), replyOf('y')], head)).toMatchObject({
      ...head,
      object: 'text_completion',
      choices: [
        { text: 'x', index: 0, logprobs: null, finish_reason: 'length' },
        { text: 'y', index: 1, logprobs: null, finish_reason: 'length' },
      ],
      usage: { prompt_tokens: 4, completion_tokens: 6, total_tokens: 10 },
    })
  })

  it('writes chunks with the index of their prompt', () => {
    const formatter = new CompletionStreamFormatter(head, { includesUsage: true })
    const text = [
      formatter.format({ type: 'message-start', id: null, model: null, created: null }),
      formatter.format({ type: 'text-delta', choice: 0, text: 'x' }, 1),
      formatter.format({ type: 'usage-available', usage: { ...zeroUsage, inputTokens: 1 } }, 0),
      formatter.format({ type: 'usage-available', usage: { ...zeroUsage, inputTokens: 2 } }, 1),
      formatter.format({ type: 'finish', choice: 0, finish }, 1),
      formatter.end(),
    ].join('')
    const data = text
      .trim()
      .split('\n\n')
      .map((line) => line.slice('data: '.length))
    expect(data.at(-1)).toBe('[DONE]')
    expect(data.slice(0, -1).map((line) => JSON.parse(line))).toMatchObject([
      { object: 'text_completion', choices: [{ text: 'x', index: 1, finish_reason: null }] },
      { choices: [{ text: '', index: 1, finish_reason: 'length' }] },
      { choices: [], usage: { prompt_tokens: 3 } },
    ])
  })
})

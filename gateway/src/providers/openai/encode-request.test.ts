import { describe, expect, it } from 'vitest'
import { sampleRequest } from '../../conversation/request.fixture.ts'
import type { ConversationRequest } from '../../conversation/request.ts'
import { findProvider } from '../registry.ts'
import { sampleTarget } from '../target.fixture.ts'
import { encodeRequest } from './encode-request.ts'

const encode = (members: Partial<ConversationRequest>, provider = 'openai', model = 'gpt-4.1') =>
  encodeRequest(sampleRequest(members), sampleTarget(findProvider(provider)!, model))
const foreign = { dialect: 'anthropic-messages' } as const

describe('encodeRequest of the openai wire', () => {
  it('keeps the members of its own dialect and drops those of another', () => {
    expect(encode({ extra: { logprobs: true } }).body).toMatchObject({ logprobs: true, model: 'gpt-4.1' })
    const encoded = encode({ ...foreign, extra: { context_management: {} } })
    expect(encoded.body).not.toHaveProperty('context_management')
    expect(encoded.dropped).toEqual(['context_management'])
  })

  it('sends every result as a message of its own, images after them, before the text of their turn', () => {
    const image = { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'QUJD' } } as const
    const result = (toolCallId: string, isError: boolean) =>
      ({ type: 'tool-result', toolCallId, parts: [{ type: 'text', text: 'r' }, image], isError }) as const
    const call = (id: string) =>
      ({ type: 'tool-call', id, name: 'f', kind: 'function', arguments: '' }) as const
    const { body } = encode({
      ...foreign,
      messages: [
        { role: 'assistant', parts: [call('a'), call('b')] },
        { role: 'user', parts: [result('a', false), result('b', true), { type: 'text', text: 'and?' }] },
      ],
    })
    const url = { url: 'data:image/png;base64,QUJD' }
    expect(body['messages']).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: ['a', 'b'].map((id) => ({
          id,
          type: 'function',
          function: { name: 'f', arguments: '' },
        })),
      },
      { role: 'tool', tool_call_id: 'a', content: 'r' },
      { role: 'tool', tool_call_id: 'b', content: 'Error: r' },
      { role: 'user', content: 'and?' },
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: url },
          { type: 'image_url', image_url: url },
        ],
      },
    ])
  })

  it('gives thinking back only to targets that read it', () => {
    const reasoning = { type: 'reasoning', text: 't', signature: 's', redacted: null } as const
    const messages = [{ role: 'assistant', parts: [reasoning, { type: 'text', text: 'x' }] }] as const
    const first = (provider: string, model: string) =>
      (encode({ messages }, provider, model).body['messages'] as Record<string, unknown>[])[0]
    expect(first('deepseek', 'deepseek-chat')).toMatchObject({ content: 'x', reasoning_content: 't' })
    expect(first('openrouter', 'anthropic/claude-sonnet-4')).toMatchObject({
      thinking_blocks: [{ type: 'thinking', thinking: 't', signature: 's' }],
    })
    const plain = encode({ messages })
    expect(JSON.stringify(plain.body)).not.toContain('reasoning')
    expect(plain.dropped).toEqual(['messages[].reasoning'])
  })

  it('maps long tool names reversibly, everywhere they stand', () => {
    const name = `mcp__${'x'.repeat(80)}`
    const { body, replyContext } = encode({
      ...foreign,
      tools: [{ type: 'function', name, description: null, parameters: null, strict: null }],
      toolChoice: { type: 'tool', name },
    })
    const [upstream] = [...replyContext.toolNames.keys()]
    expect(upstream).toMatch(/^mcp__x{50}_[0-9a-f]{8}$/)
    expect(replyContext.toolNames.get(upstream!)).toBe(name)
    expect(body['tools']).toEqual([{ type: 'function', function: { name: upstream } }])
    expect(body['tool_choice']).toEqual({ type: 'function', function: { name: upstream } })
  })

  it.each([
    [12_000, 'high'],
    [6000, 'medium'],
    [2048, 'low'],
    [1024, 'minimal'],
  ])('states a budget of %d as effort %s', (budgetTokens, effort) => {
    expect(encode({ ...foreign, reasoning: { effort: null, budgetTokens } }).body['reasoning_effort']).toBe(
      effort,
    )
  })

  it('applies the quirks of the vendor', () => {
    const schema = { type: 'object' }
    const { body } = encode(
      {
        maxOutputTokens: 5,
        sampling: { ...sampleRequest().sampling, seed: 4 },
        messages: [{ role: 'developer', parts: [{ type: 'text', text: 'd' }] }],
        stream: true,
      },
      'mistral',
    )
    expect(body).toMatchObject({
      max_tokens: 5,
      random_seed: 4,
      stream: true,
      messages: [{ role: 'system' }],
    })
    expect(body).not.toHaveProperty('stream_options')
    const format = { type: 'json_schema', name: 'n', description: null, schema, strict: true } as const
    expect(encode({ responseFormat: format }, 'deepseek').body['response_format']).toEqual({
      type: 'json_object',
    })
    expect(encode({ responseFormat: format }).body['response_format']).toEqual({
      type: 'json_schema',
      json_schema: { name: 'n', schema, strict: true },
    })
    expect(encode({}, 'fireworks_ai', 'llama').body['model']).toBe('accounts/fireworks/models/llama')
  })
})

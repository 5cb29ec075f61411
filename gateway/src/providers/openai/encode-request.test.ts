import { describe, expect, it } from 'vitest'
import { sampleRequest } from '../../conversation/request.fixture.ts'
import type { ConversationRequest } from '../../conversation/request.ts'
import { findProvider } from '../registry.ts'
import { sampleTarget } from '../target.fixture.ts'
import { encodeRequest } from './encode-request.ts'

const encode = (
  members: Partial<ConversationRequest>,
  provider = 'openai',
  model = 'gpt-4.1',
  supports: Readonly<Record<string, boolean>> = {},
) => encodeRequest(sampleRequest(members), sampleTarget(findProvider(provider)!, model, { supports }))
const foreign = { dialect: 'anthropic-messages' } as const
const thinks = { supports_reasoning: true }

describe('encodeRequest of the openai wire', () => {
  it('makes functions of other dialects’ free-text tools, and says so for the answer', () => {
    const responses = { dialect: 'openai-responses' } as const
    const tool = { type: 'custom', name: 'patch', description: 'Patches.', format: null } as const
    const call = {
      type: 'tool-call',
      id: 'a',
      name: 'patch',
      kind: 'custom',
      arguments: 'free “text”',
    } as const
    const messages = [{ role: 'assistant', parts: [call] }] as const
    const toolChoice = { type: 'tool', name: 'patch' } as const
    const encoded = encode({ ...responses, tools: [tool], messages, toolChoice })
    expect(encoded.body).toMatchObject({
      tools: [{ type: 'function', function: { name: 'patch', parameters: { required: ['input'] } } }],
      tool_choice: { type: 'function', function: { name: 'patch' } },
      messages: [
        {
          tool_calls: [
            { type: 'function', function: { arguments: JSON.stringify({ input: 'free “text”' }) } },
          ],
        },
      ],
    })
    expect([...encoded.replyContext.customTools]).toEqual(['patch'])
    const own = encode({ tools: [tool], messages, toolChoice })
    expect(own.body).toMatchObject({ tools: [{ type: 'custom' }], tool_choice: { type: 'custom' } })
    expect(own.replyContext.customTools.size).toBe(0)
  })

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
    const { body } = encode(
      { ...foreign, reasoning: { effort: null, budgetTokens } },
      'openai',
      'gpt-5',
      thinks,
    )
    expect(body['reasoning_effort']).toBe(effort)
  })

  it.each([
    ['low', 'low'],
    ['xhigh', 'high'],
    ['max', 'high'],
    ['constructor', 'constructor'],
  ])('states the effort %s as %s', (effort, expected) => {
    const { body } = encode(
      { ...foreign, reasoning: { effort, budgetTokens: 1024 } },
      'openai',
      'gpt-5',
      thinks,
    )
    expect(body['reasoning_effort']).toBe(expected)
  })

  it('asks no model to reason that is not known to, unless the caller knows this dialect', () => {
    const reasoning = { effort: 'high', budgetTokens: null }
    const encoded = encode({ ...foreign, reasoning })
    expect(encoded.body).not.toHaveProperty('reasoning_effort')
    expect(encoded.dropped).toEqual(['reasoning_effort'])
    expect(encode({ reasoning }).body['reasoning_effort']).toBe('high')
  })

  it('notes what it leaves out of a foreign request', () => {
    const sampling = { ...sampleRequest().sampling, topK: 5 }
    const { body, dropped } = encode({ ...foreign, sampling, stop: ['a', 'b', 'c', 'd', 'e'] })
    expect(body).toMatchObject({ stop: ['a', 'b', 'c', 'd'] })
    expect(body).not.toHaveProperty('top_k')
    expect(dropped).toEqual(['stop', 'top_k'])
  })

  it('offers a search only to models that have one', () => {
    const value = { type: 'web_search_20250305', name: 'web_search' }
    const request = { ...foreign, tools: [{ type: 'provider', name: 'web_search', value } as const] }
    const searching = encode(request, 'openai', 'gpt-4o-search-preview', { supports_web_search: true })
    expect(searching.body).toMatchObject({ web_search_options: {} })
    expect(searching.body).not.toHaveProperty('tools')
    expect(encode(request).dropped).toEqual(['tools.web_search'])
  })

  it('is strict about a foreign schema only where that changes nothing', () => {
    const closed = {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    }
    const open = { ...closed, required: [] }
    const strictOf = (schema: object) => {
      const format = {
        type: 'json_schema',
        name: 'n',
        description: null,
        schema: { ...schema },
        strict: null,
      } as const
      const sent = encode({ ...foreign, responseFormat: format }).body['response_format']
      return (sent as { json_schema: { strict?: boolean } }).json_schema.strict
    }
    expect([closed, open, { ...closed, properties: { a: open } }].map(strictOf)).toEqual([
      true,
      undefined,
      undefined,
    ])
  })

  it('shortens a user name of another dialect that is too long here', () => {
    expect(encode({ ...foreign, user: 'u'.repeat(64) }).body['user']).toBe('u'.repeat(64))
    expect(encode({ ...foreign, user: 'u'.repeat(65) }).body['user']).toMatch(/^[0-9a-f]{64}$/)
  })

  it('sends a system prompt of several blocks as one text', () => {
    const mark = { cacheControl: { type: 'ephemeral' } }
    const parts = [
      { type: 'text', text: 'a', ...mark },
      { type: 'text', text: 'b' },
    ] as const
    const first = (model: string) =>
      (
        encode({ ...foreign, messages: [{ role: 'system', parts }] }, 'openai', model).body[
          'messages'
        ] as object[]
      )[0]
    expect(first('gpt-4.1')).toEqual({ role: 'system', content: 'a\n\nb' })
    expect(first('claude-proxy')).toMatchObject({ content: [{ cache_control: { type: 'ephemeral' } }, {}] })
  })

  it('leaves out messages of which nothing is left', () => {
    const foreignBlock = { type: 'opaque', dialect: 'anthropic-messages', value: {} } as const
    const thought = { type: 'reasoning', text: 't', signature: null, redacted: null } as const
    const { body } = encode({
      ...foreign,
      messages: [
        { role: 'user', parts: [foreignBlock] },
        { role: 'assistant', parts: [thought] },
        { role: 'user', parts: [{ type: 'text', text: 'x' }] },
      ],
    })
    expect(body['messages']).toEqual([{ role: 'user', content: 'x' }])
  })

  it('sends a Claude model no thinking that is unsigned', () => {
    const thought = { type: 'reasoning', text: 't', signature: null, redacted: null } as const
    const messages = [{ role: 'assistant', parts: [thought, { type: 'text', text: 'x' }] }] as const
    const { body } = encode({ messages }, 'openrouter', 'anthropic/claude-sonnet-4')
    expect(body['messages']).toEqual([{ role: 'assistant', content: 'x' }])
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

import { describe, expect, it } from 'vitest'
import { sampleRequest } from '../../../conversation/request.fixture.ts'
import type { ConversationRequest } from '../../../conversation/request.ts'
import { findProvider } from '../../registry.ts'
import { sampleTarget } from '../../target.fixture.ts'
import type { WireTarget } from '../../wire.ts'
import { encodeRequest } from './encode-request.ts'

const encode = (members: Partial<ConversationRequest>, model = 'gpt-4.1', target: Partial<WireTarget> = {}) =>
  encodeRequest(sampleRequest(members), sampleTarget(findProvider('openai')!, model, target))
const text = (value: string) => ({ type: 'text', text: value }) as const
const foreign = { dialect: 'anthropic-messages' } as const
const thinks = { supports: { supports_reasoning: true } }

describe('encodeRequest of the openai-responses wire', () => {
  it('writes the smallest request, which is not stored upstream', () => {
    expect(encode({}).body).toEqual({
      model: 'gpt-4.1',
      store: false,
      input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hello' }] }],
    })
  })

  it('makes instructions of the leading system text and keeps later ones in their place', () => {
    const { body } = encode({
      messages: [
        { role: 'system', parts: [text('One')] },
        { role: 'system', parts: [text('Two')] },
        { role: 'developer', parts: [text('Three')] },
        { role: 'user', parts: [text('Q')] },
      ],
    })
    expect(body).toMatchObject({
      instructions: 'One\n\nTwo',
      input: [{ role: 'developer' }, { role: 'user' }],
    })
  })

  it('writes turns as items', () => {
    const { body, dropped } = encode({
      ...foreign,
      messages: [
        {
          role: 'user',
          parts: [
            text('Q'),
            { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'QUJD' } },
          ],
        },
        {
          role: 'assistant',
          parts: [
            { type: 'reasoning', text: 'hm', signature: 'gAAAA', redacted: null },
            { type: 'reasoning', text: 'unsigned', signature: null, redacted: null },
            text('A'),
            { type: 'tool-call', id: 'a', name: 'f', kind: 'function', arguments: '' },
            { type: 'tool-call', id: 'b', name: 'g', kind: 'custom', arguments: 'free' },
          ],
        },
        {
          role: 'user',
          parts: [
            { type: 'tool-result', toolCallId: 'a', parts: [text('no')], isError: true },
            {
              type: 'tool-result',
              toolCallId: 'b',
              parts: [text('r'), { type: 'image', source: { kind: 'url', url: 'https://x' } }],
              isError: false,
            },
            text('and?'),
          ],
        },
      ],
    })
    expect(body['input']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'Q' },
          { type: 'input_image', image_url: 'data:image/png;base64,QUJD', detail: 'auto' },
        ],
      },
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'gAAAA' },
      { role: 'assistant', content: [{ type: 'output_text', text: 'A', annotations: [] }] },
      { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' },
      { type: 'custom_tool_call', call_id: 'b', name: 'g', input: 'free' },
      { type: 'function_call_output', call_id: 'a', output: 'Error: no' },
      {
        type: 'custom_tool_call_output',
        call_id: 'b',
        output: [
          { type: 'input_text', text: 'r' },
          { type: 'input_image', image_url: 'https://x', detail: 'auto' },
        ],
      },
      { role: 'user', content: [{ type: 'input_text', text: 'and?' }] },
    ])
    expect(dropped).toEqual(['messages[].reasoning'])
  })

  it('writes tools flat, never strict by accident, and the choice among them', () => {
    const grammar = { syntax: 'lark', definition: 'start: "x"' }
    const { body } = encode({
      tools: [
        { type: 'function', name: 'f', description: null, parameters: null, strict: null },
        { type: 'custom', name: 'c', description: 'C', format: { type: 'grammar', grammar } },
        { type: 'provider', name: 'web_search', value: { type: 'web_search_20250305' } },
        { type: 'provider', name: 'bash', value: { type: 'bash_20250124' } },
      ],
      toolChoice: { type: 'tool', name: 'c' },
      parallelToolCalls: false,
    })
    expect(body).toMatchObject({
      tools: [
        { type: 'function', name: 'f', parameters: { type: 'object', properties: {} }, strict: false },
        { type: 'custom', name: 'c', description: 'C', format: { type: 'grammar', ...grammar } },
        { type: 'web_search' },
      ],
      tool_choice: { type: 'custom', name: 'c' },
      parallel_tool_calls: false,
    })
  })

  it('writes format, verbosity, limits and caller', () => {
    const schema = { type: 'object' }
    const { body } = encode({
      responseFormat: { type: 'json_schema', name: 'n', description: null, schema, strict: true },
      maxOutputTokens: 9,
      user: 'ada',
      metadata: { a: 'b' },
      extra: { verbosity: 'low', store: true, prompt_cache_key: 'k', logit_bias: {} },
    })
    expect(body).toMatchObject({
      text: { format: { type: 'json_schema', name: 'n', schema, strict: true }, verbosity: 'low' },
      max_output_tokens: 9,
      user: 'ada',
      store: true,
      metadata: { a: 'b' },
      prompt_cache_key: 'k',
    })
    expect(encode({ ...foreign, user: 'u'.repeat(80) }).body['safety_identifier']).toHaveLength(64)
  })

  it('asks reasoning models for what the next turn needs, and no other', () => {
    const reasoning = { effort: 'high', budgetTokens: null }
    expect(encode({ reasoning }, 'gpt-5', thinks).body).toMatchObject({
      reasoning: { effort: 'high' },
      include: ['reasoning.encrypted_content'],
    })
    expect(encode({ ...foreign, reasoning }, 'gpt-5', thinks).body['reasoning']).toEqual({
      effort: 'high',
      summary: 'auto',
    })
    expect(encode({}, 'gpt-5-chat-latest').body).not.toHaveProperty('include')
    expect(encode({}, 'gpt-4.1').body).not.toHaveProperty('include')
  })

  it('refuses what it has no member for to clients who can leave it out, and notes it for others', () => {
    expect(() => encode({ stop: ['x'] })).toThrow(/stop/)
    expect(() => encode({ choiceCount: 2 })).toThrow(/'n'/)
    expect(encode({ stop: ['x'] }, 'gpt-4.1', { dropParams: true }).dropped).toEqual(['stop'])
    const sampling = { ...sampleRequest().sampling, topK: 5 }
    expect(encode({ ...foreign, stop: ['x'], sampling }).dropped).toEqual(['stop', 'top_k'])
  })
})

import { describe, expect, it } from 'vitest'
import { sampleRequest } from '../../conversation/request.fixture.ts'
import type { ConversationRequest } from '../../conversation/request.ts'
import { findProvider } from '../registry.ts'
import { sampleTarget } from '../target.fixture.ts'
import type { WireTarget } from '../wire.ts'
import { encodeRequest } from './encode-request.ts'

const provider = findProvider('ollama_chat')!
const encode = (
  members: Partial<ConversationRequest>,
  model = 'qwen3:8b',
  target: Partial<WireTarget> = {},
) => encodeRequest(sampleRequest(members), sampleTarget(provider, model, target))
const image = (data: string) =>
  ({ type: 'image', source: { kind: 'base64', mediaType: 'image/png', data } }) as const
const text = (value: string) => ({ type: 'text', text: value }) as const
const tool = {
  type: 'function',
  name: 'f',
  description: 'd',
  parameters: { type: 'object' },
  strict: true,
} as const
const refusal = (param: string) =>
  expect.objectContaining({ code: 'unsupported_parameter', options: expect.objectContaining({ param }) })

describe('encodeRequest of the ollama wire', () => {
  it('says whether to stream, because the server streams unless told', () => {
    expect(encode({}).body).toEqual({
      model: 'qwen3:8b',
      messages: [{ role: 'user', content: 'Hello' }],
      stream: false,
    })
    expect(encode({ stream: true }).body['stream']).toBe(true)
  })

  it('writes a tool loop with objects, names and images', () => {
    const { body } = encode({
      messages: [
        { role: 'developer', parts: [text('Be brief.')] },
        { role: 'user', parts: [text('Look'), image('QUJD'), text('at it')] },
        {
          role: 'assistant',
          parts: [
            { type: 'reasoning', text: 'Hm.', signature: 's', redacted: null },
            { type: 'tool-call', id: 'a', name: 'f', kind: 'function', arguments: '{"x":1}' },
            { type: 'tool-call', id: 'b', name: 'f', kind: 'function', arguments: '' },
            { type: 'tool-call', id: 'c', name: 'f', kind: 'function', arguments: 'oops' },
          ],
        },
        {
          role: 'tool',
          parts: [
            { type: 'tool-result', toolCallId: 'a', parts: [text('one'), image('WFla')], isError: false },
            { type: 'tool-result', toolCallId: 'b', parts: [text('two')], isError: true },
            text('and?'),
          ],
        },
      ],
      tools: [tool],
      toolChoice: { type: 'auto' },
    })
    const call = (id: string, args: object) => ({ id, function: { name: 'f', arguments: args } })
    expect(body['messages']).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Look\nat it', images: ['QUJD'] },
      {
        role: 'assistant',
        content: '',
        thinking: 'Hm.',
        tool_calls: [call('a', { x: 1 }), call('b', {}), call('c', { _raw: 'oops' })],
      },
      { role: 'tool', content: 'one', images: ['WFla'], tool_name: 'f', tool_call_id: 'a' },
      { role: 'tool', content: 'Error: two', tool_name: 'f', tool_call_id: 'b' },
      { role: 'user', content: 'and?' },
    ])
    expect(body['tools']).toEqual([
      { type: 'function', function: { name: 'f', description: 'd', parameters: { type: 'object' } } },
    ])
    expect(encode({ tools: [tool], toolChoice: { type: 'none' } }).body).not.toHaveProperty('tools')
  })

  it('gives a free-text tool one string and takes it out again', () => {
    const { body, replyContext } = encode({
      tools: [{ type: 'custom', name: 'patch', description: null, format: null }],
    })
    expect(body['tools']).toMatchObject([
      { function: { name: 'patch', parameters: { required: ['input'] } } },
    ])
    expect([...replyContext.customTools]).toEqual(['patch'])
  })

  it('turns members and its own options into options', () => {
    const { body, dropped } = encode({
      maxOutputTokens: 9,
      sampling: { temperature: 0, topP: 0.5, topK: 4, seed: 1, frequencyPenalty: 0.1, presencePenalty: 0.2 },
      stop: ['a', 'b'],
      user: 'u',
      extra: {
        num_ctx: 8192,
        options: { min_p: 0.1, temperature: 0.3 },
        keep_alive: '5m',
        store: true,
        logit_bias: {},
        never_heard_of: 1,
      },
    })
    expect(body).toMatchObject({
      keep_alive: '5m',
      options: {
        num_predict: 9,
        top_p: 0.5,
        top_k: 4,
        seed: 1,
        frequency_penalty: 0.1,
        presence_penalty: 0.2,
        stop: ['a', 'b'],
        num_ctx: 8192,
        min_p: 0.1,
        temperature: 0.3,
      },
    })
    expect(dropped).toEqual(['store', 'never_heard_of', 'user'])
  })

  it.each([
    ['json_object', { type: 'json_object' }, 'json'],
    [
      'json_schema',
      { type: 'json_schema', name: 'n', description: null, schema: { type: 'object' }, strict: true },
      { type: 'object' },
    ],
    ['text', { type: 'text' }, undefined],
  ] as const)('asks for the format %s', (_, responseFormat, format) => {
    expect(encode({ responseFormat }).body['format']).toEqual(format)
  })

  it.each([
    ['qwen3:8b', 'none', null, false],
    ['qwen3:8b', 'low', null, true],
    ['qwen3:8b', null, 5000, true],
    ['gpt-oss:20b', 'minimal', null, 'low'],
    ['gpt-oss:20b', 'medium', null, 'medium'],
    ['gpt-oss:20b', 'xhigh', null, 'high'],
    ['gpt-oss:20b', 'none', null, 'low'],
    ['gpt-oss:20b', null, 5000, 'high'],
    ['gpt-oss:20b', null, 1024, 'low'],
  ])('tells %s to think at effort %s, budget %s: %s', (model, effort, budgetTokens, think) => {
    expect(encode({ reasoning: { effort, budgetTokens } }, model).body['think']).toBe(think)
  })

  it('asks a model of unknown abilities to think only for clients that know it', () => {
    const reasoning = { effort: null, budgetTokens: 5000 }
    const agent = (model: string, supports = {}) =>
      encode({ dialect: 'anthropic-messages', reasoning }, model, { supports })
    expect(encode({ reasoning }, 'llama3.3').body['think']).toBe(true)
    expect(agent('llama3.3').body).not.toHaveProperty('think')
    expect(agent('llama3.3').dropped).toEqual(['reasoning_effort'])
    expect(agent('llama3.3', { supports_reasoning: true }).body['think']).toBe(true)
    expect(agent('team/qwen3:8b').body['think']).toBe(true)
  })

  it('leaves `think` as the caller wrote it', () => {
    expect(
      encode({ reasoning: { effort: 'low', budgetTokens: null }, extra: { think: false } }).body['think'],
    ).toBe(false)
  })

  it.each<[string, Partial<ConversationRequest>]>([
    ['n', { choiceCount: 2 }],
    ['tool_choice', { tools: [tool], toolChoice: { type: 'required' } }],
    ['logprobs', { extra: { logprobs: true } }],
    ['web_search_options', { webSearch: { contextSize: 'low', userLocation: null } }],
    [
      'messages[].content[].image_url',
      {
        messages: [
          { role: 'user', parts: [{ type: 'image', source: { kind: 'url', url: 'https://x.test/a.png' } }] },
        ],
      },
    ],
    [
      'messages[].content[].input_audio',
      { messages: [{ role: 'user', parts: [{ type: 'audio', data: '', format: 'wav' }] }] },
    ],
    [
      'messages[].content[].file',
      { messages: [{ role: 'user', parts: [{ type: 'document', source: { kind: 'file', fileId: 'f' } }] }] },
    ],
  ])('refuses %s, or drops it', (param, members) => {
    expect(() => encode(members)).toThrow(refusal(param))
    expect(encode(members, 'm', { dropParams: true }).dropped).toContain(param)
  })
})

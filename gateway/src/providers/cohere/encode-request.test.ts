import { describe, expect, it } from 'vitest'
import { sampleRequest } from '../../conversation/request.fixture.ts'
import type { ConversationRequest } from '../../conversation/request.ts'
import { findProvider } from '../registry.ts'
import { sampleTarget } from '../target.fixture.ts'
import type { WireTarget } from '../wire.ts'
import { cohereEmbeddings } from './embeddings.ts'
import { encodeRequest } from './encode-request.ts'

const provider = findProvider('cohere')!
const encode = (
  members: Partial<ConversationRequest>,
  model = 'command-a-03-2025',
  target: Partial<WireTarget> = {},
) => encodeRequest(sampleRequest(members), sampleTarget(provider, model, target))
const text = (value: string) => ({ type: 'text', text: value }) as const
const tool = (name: string) =>
  ({ type: 'function', name, description: 'd', parameters: { type: 'object' }, strict: null }) as const
const encodedTool = (name: string) => ({
  type: 'function',
  function: { name, description: 'd', parameters: { type: 'object' } },
})
const call = (id: string, args: string) =>
  ({ type: 'tool-call', id, name: 'f', kind: 'function', arguments: args }) as const
const schema = { type: 'object', properties: {} }
const format = { type: 'json_schema', name: 'n', description: null, schema, strict: true } as const

describe('encodeRequest of the cohere wire', () => {
  it('writes the least it can', () => {
    expect(encode({}).body).toEqual({
      model: 'command-a-03-2025',
      messages: [{ role: 'user', content: 'Hello' }],
      stream: false,
    })
  })

  it('writes a tool loop with plans, results and images', () => {
    const { body, dropped } = encode({
      messages: [
        { role: 'developer', parts: [text('Be brief.')] },
        {
          role: 'user',
          parts: [
            text('Look'),
            { type: 'image', source: { kind: 'base64', mediaType: 'image/gif', data: 'R0lG' } },
          ],
        },
        {
          role: 'assistant',
          parts: [
            { type: 'reasoning', text: 'I will call.', signature: null, redacted: null },
            call('a', '{"x":1}'),
            call('b', ''),
            { ...call('c', 'free'), kind: 'custom' },
          ],
        },
        {
          role: 'tool',
          parts: [
            { type: 'tool-result', toolCallId: 'a', parts: [text('one'), text('two')], isError: false },
            {
              type: 'tool-result',
              toolCallId: 'b',
              parts: [{ type: 'image', source: { kind: 'url', url: 'https://x.test' } }],
              isError: true,
            },
          ],
        },
        {
          role: 'assistant',
          parts: [{ type: 'reasoning', text: 'So.', signature: null, redacted: null }, text('Done.')],
        },
      ],
    })
    const encodedCall = (id: string, args: string) => ({
      id,
      type: 'function',
      function: { name: 'f', arguments: args },
    })
    expect(body['messages']).toEqual([
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Look' },
          { type: 'image_url', image_url: { url: 'data:image/gif;base64,R0lG' } },
        ],
      },
      {
        role: 'assistant',
        tool_calls: [
          encodedCall('a', '{"x":1}'),
          encodedCall('b', '{}'),
          encodedCall('c', '{"input":"free"}'),
        ],
        tool_plan: 'I will call.',
      },
      { role: 'tool', tool_call_id: 'a', content: 'one\ntwo' },
      { role: 'tool', tool_call_id: 'b', content: 'Error: ' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'So.' },
          { type: 'text', text: 'Done.' },
        ],
      },
    ])
    expect(dropped).toEqual(['messages[].tool_result.image'])
  })

  it('renames sampling and clamps the temperature', () => {
    const sampling = {
      temperature: 1.7,
      topP: 0.5,
      topK: 4,
      seed: 1,
      frequencyPenalty: 0.1,
      presencePenalty: 0.2,
    }
    expect(encode({ sampling, maxOutputTokens: 9, stop: ['x'] }).body).toMatchObject({
      max_tokens: 9,
      temperature: 1,
      p: 0.5,
      k: 4,
      seed: 1,
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
      stop_sequences: ['x'],
    })
  })

  it.each([
    [{ type: 'auto' }, undefined, ['f', 'g']],
    [{ type: 'none' }, 'NONE', ['f', 'g']],
    [{ type: 'required' }, 'REQUIRED', ['f', 'g']],
    [{ type: 'tool', name: 'g' }, 'REQUIRED', ['g']],
  ] as const)('writes the choice %j', (toolChoice, choice, names) => {
    const { body } = encode({ tools: [tool('f'), tool('g')], toolChoice })
    expect(body['tool_choice']).toBe(choice)
    expect(body['tools']).toEqual(names.map(encodedTool))
  })

  it('asks for a schema, beside tools in words', () => {
    expect(encode({ responseFormat: format }).body['response_format']).toEqual({
      type: 'json_object',
      json_schema: schema,
    })
    expect(encode({ responseFormat: { type: 'json_object' } }).body['response_format']).toEqual({
      type: 'json_object',
    })
    const { body } = encode({ responseFormat: format, tools: [tool('f')] })
    expect(body).not.toHaveProperty('response_format')
    expect(body['messages']).toMatchObject([
      { role: 'system', content: expect.stringContaining('schema') },
      {},
    ])
  })

  it('tells a model that reasons how long to think', () => {
    const thinking = (effort: string | null, budgetTokens: number | null = null) =>
      encode({ reasoning: { effort, budgetTokens } }, 'command-a-reasoning-08-2025').body['thinking']
    expect(thinking('high')).toEqual({ type: 'enabled', token_budget: 4096 })
    expect(thinking(null)).toEqual({ type: 'enabled', token_budget: 2048 })
    expect(thinking('minimal')).toEqual({ type: 'enabled', token_budget: 1024 })
    expect(thinking(null, 300)).toEqual({ type: 'enabled', token_budget: 300 })
    expect(thinking('none')).toEqual({ type: 'disabled' })
    expect(encode({ reasoning: { effort: 'none', budgetTokens: null } }).body).not.toHaveProperty('thinking')
  })

  it('passes its own members and notes what it leaves out', () => {
    const extra = { documents: ['d'], safety_mode: 'OFF', never_heard_of: 1, logprobs: false }
    const { body, dropped } = encode({ extra, user: 'u' })
    expect(body).toMatchObject({ documents: ['d'], safety_mode: 'OFF' })
    expect(dropped).toEqual(['never_heard_of', 'user'])
  })

  it.each<[string, Partial<ConversationRequest>]>([
    ['n', { choiceCount: 2 }],
    ['logprobs', { extra: { logprobs: true } }],
    ['reasoning_effort', { reasoning: { effort: 'low', budgetTokens: null } }],
    ['web_search_options', { webSearch: { contextSize: 'low', userLocation: null } }],
    [
      'messages[].content[].file',
      {
        messages: [
          {
            role: 'user',
            parts: [{ type: 'document', source: { kind: 'base64', mediaType: 'application/pdf', data: '' } }],
          },
        ],
      },
    ],
    [
      'messages[].content[].input_audio',
      { messages: [{ role: 'user', parts: [{ type: 'audio', data: '', format: 'wav' }] }] },
    ],
  ])('refuses %s, or drops it', (param, members) => {
    expect(() => encode(members)).toThrow(expect.objectContaining({ code: 'unsupported_parameter' }))
    expect(encode(members, 'm', { dropParams: true }).dropped).toContain(param)
  })
})

describe('embeddings of the cohere wire', () => {
  const target = sampleTarget(provider, 'embed-v4.0')

  it('say what the texts are for', () => {
    const request = { model: 'g', inputs: ['a'], dimensions: 256, user: null, extra: {} }
    expect(cohereEmbeddings.encode(request, target).body).toEqual({
      model: 'embed-v4.0',
      texts: ['a'],
      input_type: 'search_document',
      embedding_types: ['float'],
      output_dimension: 256,
    })
    const asked = { ...request, extra: { input_type: 'search_query', x: 1 } }
    expect(cohereEmbeddings.encode(asked, target)).toMatchObject({
      body: { input_type: 'search_query' },
      dropped: ['x'],
    })
  })

  it('are read with what was billed', () => {
    const body = { embeddings: { float: [[1, 2]] }, meta: { billed_units: { input_tokens: 3 } } }
    expect(cohereEmbeddings.decode(body)).toMatchObject({ vectors: [[1, 2]], usage: { inputTokens: 3 } })
    expect(cohereEmbeddings.decode({ embeddings: { float: [[1]] } }).usage).toBeNull()
    expect(() => cohereEmbeddings.decode({ embeddings: [[1]] })).toThrow(/could not be read/)
  })
})

import { describe, expect, it } from 'vitest'
import type { Part } from '../../conversation/part.ts'
import { sampleRequest } from '../../conversation/request.fixture.ts'
import type { ConversationRequest } from '../../conversation/request.ts'
import { joinThoughtCallId } from '../../conversation/thought-call-id.ts'
import { findProvider } from '../registry.ts'
import { sampleTarget } from '../target.fixture.ts'
import type { WireTarget } from '../wire.ts'
import { encodeRequest } from './encode-request.ts'

const encode = (
  members: Partial<ConversationRequest>,
  model = 'gemini-2.5-flash',
  target: Partial<WireTarget> = {},
) => encodeRequest(sampleRequest(members), sampleTarget(findProvider('gemini')!, model, target))
const contents = (members: Partial<ConversationRequest>, model?: string, target?: Partial<WireTarget>) =>
  encode(members, model, target).body['contents']

const text = (value: string): Part => ({ type: 'text', text: value })
const call = (id: string, name = 'f', args = '{"a":1}'): Part => ({
  type: 'tool-call',
  id,
  name,
  kind: 'function',
  arguments: args,
})
const result = (toolCallId: string, value: string, isError = false): Part => ({
  type: 'tool-result',
  toolCallId,
  parts: [text(value)],
  isError,
})
const png = 'iVBORw0KGgoAAAANSUhEUg=='

describe('contents', () => {
  it('merges neighbours of one role and takes the system prompt out', () => {
    const { body } = encode({
      messages: [
        { role: 'system', parts: [text('Be brief.')] },
        { role: 'user', parts: [text('a')] },
        { role: 'user', parts: [text(''), text('b')] },
        { role: 'assistant', parts: [text('c')] },
        { role: 'developer', parts: [text('And kind.')] },
      ],
    })
    expect(body).toEqual({
      systemInstruction: { parts: [{ text: 'Be brief.' }, { text: 'And kind.' }] },
      contents: [
        { role: 'user', parts: [{ text: 'a' }, { text: 'b' }] },
        { role: 'model', parts: [{ text: 'c' }] },
      ],
    })
  })

  it('answers parallel calls of one name in their order, first in one turn', () => {
    const messages = [
      { role: 'assistant', parts: [call('x'), call('y')] },
      { role: 'tool', parts: [result('y', '{"t":2}')] },
      { role: 'tool', parts: [result('x', 'one')] },
      { role: 'user', parts: [text('and?')] },
    ] as const
    expect(contents({ messages })).toEqual([
      {
        role: 'model',
        parts: [
          { functionCall: { id: 'x', name: 'f', args: { a: 1 } } },
          { functionCall: { id: 'y', name: 'f', args: { a: 1 } } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'x', name: 'f', response: { result: 'one' } } },
          { functionResponse: { id: 'y', name: 'f', response: { t: 2 } } },
          { text: 'and?' },
        ],
      },
    ])
  })

  it('keeps arguments that are no JSON object, and says when a tool failed', () => {
    const messages = [
      { role: 'assistant', parts: [call('x', 'f', 'not json'), call('y', 'f', '')] },
      { role: 'tool', parts: [result('x', 'broken', true), result('y', '[1]')] },
    ] as const
    expect(JSON.stringify(contents({ messages }))).toContain('"args":{"_raw":"not json"}')
    expect(contents({ messages })).toMatchObject([
      { parts: [{}, { functionCall: { args: {} } }] },
      {
        parts: [
          { functionResponse: { response: { error: 'broken' } } },
          { functionResponse: { response: { result: '[1]' } } },
        ],
      },
    ])
  })

  it('puts a signature back beside its call, whose id it leaves', () => {
    const id = joinThoughtCallId('x', 'c2ln')
    const messages = [
      { role: 'assistant', parts: [call(id), call('y')] },
      { role: 'tool', parts: [result(id, 'r'), result('y', 's')] },
    ] as const
    expect(contents({ messages }, 'gemini-3-pro-preview')).toMatchObject([
      { parts: [{ functionCall: { id: 'x' }, thoughtSignature: 'c2ln' }, { functionCall: { id: 'y' } }] },
      { parts: [{ functionResponse: { id: 'x' } }, { functionResponse: { id: 'y' } }] },
    ])
  })

  it('gives a lost signature the documented placeholder where one is needed', () => {
    const messages = [
      { role: 'assistant', parts: [call('x'), call('y')] },
      { role: 'tool', parts: [result('x', 'r'), result('y', 's')] },
    ] as const
    const signatures = (model: string) => JSON.stringify(contents({ messages }, model)).match(/skip_thought/g)
    expect(signatures('gemini-3-flash')).toHaveLength(1)
    expect(signatures('gemini-2.5-pro')).toBeNull()
  })

  it.each([
    [[{ role: 'tool', parts: [result('x', 'r')] }], "tool result 'x' answers no tool call"],
    [
      [
        { role: 'assistant', parts: [call('x')] },
        { role: 'user', parts: [text('hi')] },
      ],
      "tool call 'x' has no result",
    ],
  ] as const)('refuses a history the provider would refuse, or mends it', (messages, reason) => {
    expect(() => encode({ messages })).toThrow(reason)
    expect(() => encode({ messages }, undefined, { modifyParams: true })).not.toThrow()
  })

  it('sends media inline or by address, with the type their bytes say', () => {
    const parts: Part[] = [
      { type: 'image', source: { kind: 'base64', mediaType: 'image/jpeg', data: png } },
      { type: 'image', source: { kind: 'url', url: 'https://e.org/a.webp?x=1' } },
      { type: 'document', source: { kind: 'base64', mediaType: null, data: 'JVBERi0=' } },
      { type: 'document', source: { kind: 'file', fileId: 'files/abc' } },
      { type: 'document', source: { kind: 'text', text: 'plain' } },
      { type: 'audio', data: 'QUJD', format: 'wav' },
    ]
    expect(contents({ messages: [{ role: 'user', parts }] })).toEqual([
      {
        role: 'user',
        parts: [
          { inlineData: { mimeType: 'image/png', data: png } },
          { fileData: { mimeType: 'image/webp', fileUri: 'https://e.org/a.webp?x=1' } },
          { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0=' } },
          { fileData: { fileUri: 'files/abc' } },
          { text: 'plain' },
          { inlineData: { mimeType: 'audio/wav', data: 'QUJD' } },
        ],
      },
    ])
  })

  it('puts an image a tool returned inside the response where the model takes it there', () => {
    const image: Part = { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: png } }
    const messages = [
      { role: 'assistant', parts: [call('x')] },
      {
        role: 'tool',
        parts: [{ type: 'tool-result', toolCallId: 'x', parts: [text('r'), image], isError: false }],
      },
    ] as const
    const inlineData = { mimeType: 'image/png', data: png }
    expect(contents({ messages }, 'gemini-3-flash')).toMatchObject([
      {},
      { parts: [{ functionResponse: { response: { result: 'r' }, parts: [{ inlineData }] } }] },
    ])
    expect(contents({ messages })).toMatchObject([{}, { parts: [{ functionResponse: {} }, { inlineData }] }])
  })

  it('does not show thinking, and notes that it is gone', () => {
    const reasoning: Part = { type: 'reasoning', text: 'secret', signature: 'claude', redacted: null }
    const encoded = encode({ messages: [{ role: 'assistant', parts: [reasoning, text('x')] }] })
    expect(JSON.stringify(encoded.body)).not.toContain('secret')
    expect(encoded.dropped).toEqual(['messages[].reasoning_content'])
  })
})

describe('tools', () => {
  const weather = {
    type: 'function',
    name: 'get_weather',
    description: 'Weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' } },
      additionalProperties: false,
      $schema: 'x',
    },
    strict: true,
  } as const

  it('are one list of functions, beside what the provider runs itself', () => {
    const search = { type: 'provider', name: 'web_search', value: { type: 'web_search_20250305' } } as const
    const native = { type: 'provider', name: 'urlContext', value: { urlContext: {} } } as const
    const custom = { type: 'custom', name: 'shell', description: null, format: null } as const
    const encoded = encode({ tools: [weather, search, custom, native] })
    expect(encoded.body['tools']).toEqual([
      {
        functionDeclarations: [
          { name: 'get_weather', description: 'Weather', parametersJsonSchema: weather.parameters },
          {
            name: 'shell',
            description: '',
            parameters: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
          },
        ],
      },
      { googleSearch: {} },
      { urlContext: {} },
    ])
    expect(encoded.replyContext.customTools).toEqual(new Set(['shell']))
  })

  it('have the reduced schema for older models', () => {
    expect(encode({ tools: [weather] }, 'gemini-2.0-flash').body['tools']).toEqual([
      {
        functionDeclarations: [
          {
            name: 'get_weather',
            description: 'Weather',
            parameters: { type: 'object', properties: { city: { type: 'string' } } },
          },
        ],
      },
    ])
  })

  it.each([
    [{ type: 'auto' }, { mode: 'AUTO' }],
    [{ type: 'required' }, { mode: 'ANY' }],
    [{ type: 'none' }, { mode: 'NONE' }],
    [
      { type: 'tool', name: 'get_weather' },
      { mode: 'ANY', allowedFunctionNames: ['get_weather'] },
    ],
  ] as const)('are chosen by %j', (toolChoice, functionCallingConfig) => {
    expect(encode({ tools: [weather], toolChoice }).body['toolConfig']).toEqual({ functionCallingConfig })
  })

  it('of another provider are refused to who chose them and dropped for who sends them always', () => {
    const value = { type: 'bash_20250124', name: 'bash' }
    const tools = [{ type: 'provider', name: 'bash', value }] as const
    expect(() => encode({ tools })).toThrow(/tools\.bash/)
    expect(encode({ tools, dialect: 'anthropic-messages' }).dropped).toContain('tools.bash')
  })

  it('search the web when asked to', () => {
    const webSearch = { contextSize: 'low', userLocation: null } as const
    expect(encode({ webSearch }).body['tools']).toEqual([{ googleSearch: {} }])
  })
})

describe('generationConfig', () => {
  const config = (members: Partial<ConversationRequest>, model?: string) =>
    encode(members, model).body['generationConfig']

  it('holds sampling, limits and stops', () => {
    const sampling = {
      temperature: 0,
      topP: 0.5,
      topK: 3,
      seed: 1,
      frequencyPenalty: 0.1,
      presencePenalty: 0.2,
    }
    expect(config({ sampling, maxOutputTokens: 9, stop: ['x'], choiceCount: 2 })).toEqual({
      ...sampling,
      maxOutputTokens: 9,
      stopSequences: ['x'],
      candidateCount: 2,
    })
    expect(config({})).toBeUndefined()
  })

  it('lets the caller have the last word in its own terms', () => {
    const extra = { generationConfig: { topK: 5, speechConfig: {} }, safetySettings: [] }
    expect(encode({ extra, maxOutputTokens: 9 }).body).toMatchObject({
      generationConfig: { maxOutputTokens: 9, topK: 5, speechConfig: {} },
      safetySettings: [],
    })
  })

  const schema = {
    type: 'object',
    properties: { a: { type: ['string', 'null'] } },
    additionalProperties: false,
  }
  const format = { type: 'json_schema', name: 'r', description: null, schema, strict: true } as const

  it('holds a JSON schema as the model takes it', () => {
    expect(config({ responseFormat: format })).toEqual({
      responseMimeType: 'application/json',
      responseJsonSchema: schema,
    })
    expect(config({ responseFormat: format }, 'gemini-1.5-pro')).toEqual({
      responseMimeType: 'application/json',
      responseSchema: { type: 'object', properties: { a: { type: 'string', nullable: true } } },
    })
    expect(config({ responseFormat: { type: 'json_object' } })).toEqual({
      responseMimeType: 'application/json',
    })
  })

  it('says a schema in words beside functions where the model cannot combine them', () => {
    const tools = [
      { type: 'function', name: 'f', description: null, parameters: null, strict: null },
    ] as const
    const { body } = encode({ responseFormat: format, tools })
    expect(body['generationConfig']).toBeUndefined()
    expect(JSON.stringify(body['systemInstruction'])).toContain('JSON schema')
    expect(config({ responseFormat: format, tools }, 'gemini-3-pro')).toMatchObject({
      responseJsonSchema: schema,
    })
  })

  it.each([
    ['gemini-2.5-flash', 'low', { thinkingBudget: 1024, includeThoughts: true }],
    ['gemini-2.5-flash', 'none', { thinkingBudget: 0 }],
    ['gemini-2.5-pro', 'none', { thinkingBudget: 128, includeThoughts: false }],
    ['gemini-2.5-flash', 'high', { thinkingBudget: 4096, includeThoughts: true }],
    ['gemini-3-flash-preview', 'minimal', { thinkingLevel: 'minimal', includeThoughts: true }],
    ['gemini-3-pro-preview', 'minimal', { thinkingLevel: 'low', includeThoughts: true }],
    ['gemini-3-pro-preview', 'medium', { thinkingLevel: 'high', includeThoughts: true }],
    ['gemini-3.1-pro-preview', 'medium', { thinkingLevel: 'medium', includeThoughts: true }],
    ['gemini-3-flash', 'none', { thinkingLevel: 'minimal' }],
    ['gemini-3-flash', 'xhigh', { thinkingLevel: 'high', includeThoughts: true }],
  ])('lets %s think with effort %s', (model, effort, thinkingConfig) => {
    expect(config({ reasoning: { effort, budgetTokens: null } }, model)).toEqual({ thinkingConfig })
  })

  it('takes a budget, and Anthropic’s way of giving one', () => {
    const thinking = { type: 'enabled', budget_tokens: 3000 }
    const expected = { thinkingConfig: { thinkingBudget: 3000, includeThoughts: true } }
    expect(config({ reasoning: { effort: null, budgetTokens: 3000 } })).toEqual(expected)
    expect(config({ extra: { thinking } })).toEqual(expected)
    expect(config({ extra: { thinking } }, 'gemini-3-flash')).toEqual({
      thinkingConfig: { thinkingLevel: 'medium', includeThoughts: true },
    })
  })

  it('refuses thinking where there is none only to who chose it, and an unknown effort', () => {
    const reasoning = { effort: 'high', budgetTokens: null }
    expect(() => encode({ reasoning }, 'gemini-2.0-flash')).toThrow(/reasoning_effort/)
    expect(encode({ reasoning, dialect: 'anthropic-messages' }, 'gemini-2.0-flash').dropped).toContain(
      'reasoning',
    )
    expect(() => encode({ reasoning: { effort: 'huge', budgetTokens: null } })).toThrow(/huge/)
  })
})

describe('other members', () => {
  it('are refused, dropped with a note, or passed on', () => {
    expect(() => encode({ extra: { logit_bias: { '1': 1 } } })).toThrow(/logit_bias/)
    const encoded = encode({
      extra: { logprobs: false, store: true, cachedContent: 'cachedContents/1' },
      user: 'u',
      parallelToolCalls: false,
      cacheControl: { type: 'ephemeral' },
    })
    expect(encoded.body).toMatchObject({ cachedContent: 'cachedContents/1' })
    expect([...encoded.dropped].sort()).toEqual(['cache_control', 'parallel_tool_calls', 'store', 'user'])
  })

  it('of another dialect mean nothing here', () => {
    const encoded = encode({ dialect: 'anthropic-messages', extra: { context_management: {} } })
    expect(encoded.body).not.toHaveProperty('context_management')
    expect(encoded.dropped).toEqual(['context_management'])
  })
})

import { describe, expect, it } from 'vitest'
import { carrierOf } from '../../conversation/for-test.ts'
import type { JsonRecord } from '../../conversation/json-value.ts'
import { parseResponsesRequest } from './parse-request.ts'

const carrier = carrierOf('anthropic')
const parse = (members: JsonRecord, options: { dropParams?: boolean } = {}) =>
  parseResponsesRequest(
    { model: 'm', input: 'Hi', ...members },
    { operation: 'chat', model: 'm', stream: false, dropParams: options.dropParams ?? false, carrier },
  )
const text = (value: string) => ({ type: 'text', text: value })
const call = (id: string, name = 'f') => ({ type: 'function_call', call_id: id, name, arguments: '{"a":1}' })
const output = (id: string, value: unknown = 'done') => ({
  type: 'function_call_output',
  call_id: id,
  output: value,
})

describe('parseResponsesRequest', () => {
  it('reads the smallest request', () => {
    expect(parse({})).toMatchObject({
      dialect: 'openai-responses',
      model: 'm',
      messages: [{ role: 'user', parts: [text('Hi')] }],
      tools: [],
      toolChoice: null,
      extra: {},
    })
  })

  it('puts instructions first and reads every role', () => {
    const input = [
      { role: 'developer', content: 'D' },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'U' }] },
    ]
    expect(parse({ instructions: 'S', input }).messages).toEqual([
      { role: 'system', parts: [text('S')] },
      { role: 'developer', parts: [text('D')] },
      { role: 'user', parts: [text('U')] },
    ])
    expect(parse({ instructions: '' }).messages).toHaveLength(1)
    expect(parse({ instructions: [{ role: 'system', content: 'S' }] }).messages[0]?.role).toBe('system')
  })

  it('reads images, files and recordings by URL, by data and by id', () => {
    const content = [
      { type: 'input_image', image_url: 'https://x/y.png', detail: 'low' },
      { type: 'input_image', image_url: 'data:image/png;base64,QUJD' },
      { type: 'input_image', file_id: 'file-1' },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,QUJD' },
      { type: 'input_file', file_url: 'https://x/a.pdf' },
      { type: 'input_file', file_id: 'file-2' },
      { type: 'input_audio', input_audio: { data: 'QUJD', format: 'mp3' } },
      { type: 'input_novelty', x: 1 },
    ]
    expect(parse({ input: [{ role: 'user', content }] }).messages[0]?.parts).toMatchObject([
      { type: 'image', source: { kind: 'url', url: 'https://x/y.png' }, detail: 'low' },
      { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'QUJD' } },
      { type: 'image', source: { kind: 'file', fileId: 'file-1' } },
      { type: 'document', source: { kind: 'base64', mediaType: 'application/pdf' }, filename: 'a.pdf' },
      { type: 'document', source: { kind: 'url' } },
      { type: 'document', source: { kind: 'file', fileId: 'file-2' } },
      { type: 'audio', data: 'QUJD', format: 'mp3' },
      { type: 'opaque', dialect: 'openai-responses', value: { type: 'input_novelty', x: 1 } },
    ])
  })

  it('makes one message of what an assistant said and called side by side', () => {
    const input = [
      { role: 'user', content: 'Q' },
      { role: 'assistant', content: [{ type: 'output_text', text: 'A' }] },
      call('1'),
      { type: 'custom_tool_call', call_id: '2', name: 'g', input: 'free' },
      output('1', [{ type: 'input_text', text: 'one' }]),
      { type: 'custom_tool_call_output', call_id: '2', output: 'two' },
    ]
    expect(parse({ input }).messages).toMatchObject([
      { role: 'user' },
      {
        role: 'assistant',
        parts: [
          text('A'),
          { type: 'tool-call', id: '1', name: 'f', kind: 'function', arguments: '{"a":1}' },
          { type: 'tool-call', id: '2', name: 'g', kind: 'custom', arguments: 'free' },
        ],
      },
      { role: 'tool', parts: [{ toolCallId: '1', parts: [text('one')] }] },
      { role: 'tool', parts: [{ toolCallId: '2', parts: [text('two')] }] },
    ])
  })

  it('makes up the call of a result that has none', () => {
    const input = [
      { role: 'user', content: 'Q' },
      { ...output('9'), name: 'search', namespace: 'web' },
    ]
    expect(parse({ input }).messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', parts: [{ type: 'tool-call', id: '9', name: 'web__search', arguments: '{}' }] },
      { role: 'tool' },
    ])
  })

  it('opens the reasoning its own provider sealed, and leaves out what another gave', () => {
    const seal = (family: string, form: 'signature' | 'redacted') =>
      carrierOf(family).wrap('secret', form, 'openai')
    const reasoning = (encrypted_content: string | null, summary: string[]) => ({
      type: 'reasoning',
      id: 'rs_1',
      summary: summary.map((value) => ({ type: 'summary_text', text: value })),
      ...(encrypted_content === null ? {} : { encrypted_content }),
    })
    const partsOf = (item: object) =>
      parse({ input: [item, { role: 'assistant', content: 'A' }] }).messages[0]?.parts
    expect(partsOf(reasoning(seal('anthropic', 'signature'), ['hm', 'so']))?.[0]).toEqual({
      type: 'reasoning',
      text: 'hm\n\nso',
      signature: 'secret',
      redacted: null,
    })
    expect(partsOf(reasoning(seal('anthropic', 'redacted'), []))?.[0]).toMatchObject({ redacted: 'secret' })
    expect(partsOf(reasoning(seal('google', 'signature'), ['hm']))).toEqual([text('A')])
    expect(partsOf(reasoning('gAAAA-bare', ['hm']))).toEqual([text('A')])
    expect(partsOf(reasoning(null, []))).toEqual([text('A')])
  })

  it('reads functions, free-text tools and namespaces, and keeps what only a provider runs', () => {
    const tools = [
      { type: 'function', name: 'f', description: 'F', parameters: { type: 'object' }, strict: true },
      { type: 'function', function: { name: 'nested', parameters: {} } },
      {
        type: 'custom',
        name: 'sql',
        description: 'Runs SQL.',
        format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' },
      },
      { type: 'apply_patch' },
      { type: 'namespace', name: 'crm', description: '', tools: [{ type: 'function', name: 'find' }] },
      { type: 'web_search', search_context_size: 'low' },
      { type: 'file_search', vector_store_ids: ['vs'] },
    ]
    const parsed = parse({ tools }).tools
    expect(parsed.map(({ type, name }) => [type, name])).toEqual([
      ['function', 'f'],
      ['function', 'nested'],
      ['custom', 'sql'],
      ['custom', 'apply_patch'],
      ['function', 'crm__find'],
      ['provider', 'web_search'],
      ['provider', 'file_search'],
    ])
    expect(parsed[2]).toMatchObject({ description: expect.stringContaining('start: "x"') })
  })

  it.each([
    ['auto', { type: 'auto' }],
    ['required', { type: 'required' }],
    [{ type: 'any' }, { type: 'required' }],
    [
      { type: 'function', name: 'f' },
      { type: 'tool', name: 'f' },
    ],
    [
      { type: 'custom', name: 'c' },
      { type: 'tool', name: 'c' },
    ],
    [
      { type: 'tool', name: 'f' },
      { type: 'tool', name: 'f' },
    ],
    [{ type: 'apply_patch' }, { type: 'tool', name: 'apply_patch' }],
    [undefined, null],
  ])('reads the choice %j', (tool_choice, expected) => {
    expect(parse({ tool_choice }).toolChoice).toEqual(expected)
  })

  it('offers only the tools that are allowed', () => {
    const tools = ['f', 'g', 'h'].map((name) => ({ type: 'function', name }))
    const allowed = [{ type: 'function', name: 'g' }]
    const parsed = parse({ tools, tool_choice: { type: 'allowed_tools', mode: 'required', tools: allowed } })
    expect(parsed.tools.map(({ name }) => name)).toEqual(['g'])
    expect(parsed.toolChoice).toEqual({ type: 'required' })
  })

  it('reads format, verbosity, effort and limits', () => {
    const format = { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: true }
    const parsed = parse({
      text: { format, verbosity: 'low' },
      reasoning: { effort: 'high', summary: 'auto' },
      max_output_tokens: 5,
      temperature: 0.5,
      safety_identifier: 'u',
      prompt_cache_key: 'k',
      client_metadata: { x: 'y' },
    })
    expect(parsed).toMatchObject({
      responseFormat: { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: true },
      reasoning: { effort: 'high', budgetTokens: null },
      maxOutputTokens: 5,
      sampling: { temperature: 0.5 },
      user: 'u',
      extra: { prompt_cache_key: 'k', client_metadata: { x: 'y' }, verbosity: 'low' },
    })
  })

  it.each([
    [{ input: 5 }, 'input'],
    [{ input: [5] }, 'input[0]'],
    [{ input: [{ role: 'robot', content: '' }] }, 'input[0].role'],
    [{ input: [{ role: 'user', content: 5 }] }, 'input[0].content'],
    [{ input: [{ role: 'user', content: [{ type: 'input_image' }] }] }, 'input[0].content[0].image_url'],
    [{ input: [{ type: 'function_call', call_id: 'a' }] }, 'input[0].name'],
    [{ input: [{ type: 'function_call_output', output: '' }] }, 'input[0].call_id'],
    [{ input: [{ type: 'item_reference', id: 'msg_1' }] }, 'input[0]'],
    [{ tools: {} }, 'tools'],
    [{ tools: [{ type: 'function' }] }, 'tools[0].name'],
    [{ tools: [{ type: 'namespace', name: 'n' }] }, 'tools[0].tools'],
    [{ text: { format: { type: 'json_schema' } } }, 'text.format.schema'],
    [{ max_output_tokens: 0 }, 'max_output_tokens'],
  ])('names the malformed field of %j', (members, param) => {
    expect(() => parse(members)).toThrow(
      expect.objectContaining({ code: 'invalid_request', options: expect.objectContaining({ param }) }),
    )
  })

  it.each([
    [{ background: true }, 'background'],
    [{ prompt: { id: 'p' } }, 'prompt'],
    [{ conversation: 'conv_1' }, 'conversation'],
  ])('refuses what only OpenAI has, unless it may be dropped: %j', (members, param) => {
    expect(() => parse(members)).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter', options: { param } }),
    )
    expect(parse(members, { dropParams: true }).messages).toHaveLength(1)
  })

  it('refuses a choice of a tool that only OpenAI runs', () => {
    expect(() => parse({ tool_choice: { type: 'file_search' } })).toThrow(/file_search/)
  })
})

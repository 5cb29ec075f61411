import { describe, expect, it } from 'vitest'
import { carrierOf } from '../../conversation/for-test.ts'
import type { ConversationRequest } from '../../conversation/request.ts'
import { parseRequest } from './parse-request.ts'

const user = { role: 'user', content: 'Hello' }

function parse(members: Record<string, unknown>, family = 'anthropic'): ConversationRequest {
  const options = { operation: 'chat', model: 'group', stream: true, dropParams: false } as const
  return parseRequest(
    { model: 'm', messages: [user], ...members },
    { ...options, carrier: carrierOf(family) },
  )
}

/** The parts of a message with this content. */
const partsOf = (content: unknown, role = 'user', family = 'anthropic') =>
  parse({ messages: [{ role, content }] }, family).messages[0]?.parts

describe('a Messages body', () => {
  it('is read into the conversation model', () => {
    const request = parse({
      system: [{ type: 'text', text: 'Be kind.', cache_control: { type: 'ephemeral' } }],
      max_tokens: 100,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 5,
      stop_sequences: ['END'],
      metadata: { user_id: 'u-1' },
      service_tier: 'standard_only',
      thinking: { type: 'enabled', budget_tokens: 2048 },
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
    })
    expect(request).toMatchObject({
      dialect: 'anthropic-messages',
      model: 'group',
      messages: [
        { role: 'system', parts: [{ type: 'text', text: 'Be kind.', cacheControl: { type: 'ephemeral' } }] },
        { role: 'user', parts: [{ type: 'text', text: 'Hello' }] },
      ],
      maxOutputTokens: 100,
      sampling: { temperature: 0.5, topP: 0.9, topK: 5 },
      stop: ['END'],
      user: 'u-1',
      serviceTier: 'default',
      reasoning: { effort: null, budgetTokens: 2048 },
      toolChoice: { type: 'required' },
      parallelToolCalls: false,
      stream: true,
      streamUsage: true,
    })
  })

  it('keeps what it has no place for, and never refuses it', () => {
    const extra = { context_management: { edits: [] }, mcp_servers: [], container: 'c', brand_new: 1 }
    const request = parse({ ...extra, null_member: null, litellm_metadata: {}, timeout: 5 })
    expect(request.extra).toEqual(extra)
  })

  it('has no system message when the prompt is empty', () => {
    for (const system of ['', [], [{ type: 'text', text: '' }], null])
      expect(parse({ system }).messages).toHaveLength(1)
    expect(parse({ system: 'x' }).messages[0]).toEqual({
      role: 'system',
      parts: [{ type: 'text', text: 'x' }],
    })
  })

  it.each([
    [{ thinking: { type: 'adaptive' } }, { effort: 'medium', budgetTokens: null }],
    [
      { thinking: { type: 'adaptive' }, output_config: { effort: 'max' } },
      { effort: 'max', budgetTokens: null },
    ],
    [{ thinking: { type: 'disabled' } }, null],
    [{ thinking: { type: 'disabled' }, output_config: { effort: 'low' } }, null],
    [{ output_config: { effort: 'low' } }, { effort: 'low', budgetTokens: null }],
    [{ thinking: { type: 'from-the-future' } }, null],
    [{}, null],
  ])('reads the thinking of %j', (members, expected) => {
    expect(parse(members).reasoning).toEqual(expected)
  })

  it.each(['output_config', 'output_format'])('reads the schema of the answer from %s', (name) => {
    const format = { type: 'json_schema', schema: { type: 'object' } }
    const members = name === 'output_config' ? { output_config: { format } } : { output_format: format }
    expect(parse(members).responseFormat).toMatchObject({
      type: 'json_schema',
      schema: { type: 'object' },
      strict: null,
    })
  })

  it.each([
    [{ messages: 'x' }, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: [5] }, 'messages[0]'],
    [{ messages: [{ role: 'tool', content: '' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user' }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: [{}] }] }, 'messages[0].content[0].type'],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'messages[0].content[0].text'],
    [{ messages: [{ role: 'user', content: [{ type: 'image' }] }] }, 'messages[0].content[0].source'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'telepathy' } }] }] },
      'messages[0].content[0].source.type',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'tool_result' }] }] },
      'messages[0].content[0].tool_use_id',
    ],
    [
      { messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 'a' }] }] },
      'messages[0].content[0].name',
    ],
    [{ system: 5 }, 'system'],
    [{ tools: {} }, 'tools'],
    [{ tools: [{ type: 'custom' }] }, 'tools[0].name'],
    [{ tools: [{ name: 'f', input_schema: 'x' }] }, 'tools[0].input_schema'],
    [{ tool_choice: { type: 'tool' } }, 'tool_choice.name'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ temperature: 'hot' }, 'temperature'],
    [{ stop_sequences: 'END' }, 'stop_sequences'],
    [{ metadata: 'x' }, 'metadata'],
    [{ output_config: { format: { type: 'json_schema' } } }, 'output_config.format.schema'],
  ])('%j is refused, naming %s', (members, param) => {
    expect(() => parse(members)).toThrow(
      expect.objectContaining({ code: 'invalid_request', options: { param } }),
    )
  })
})

describe('tools', () => {
  it('of the caller are functions, those of the provider stay whole', () => {
    const schema = { type: 'object', properties: {} }
    const search = { type: 'web_search_20250305', name: 'web_search', max_uses: 3 }
    const mark = { type: 'ephemeral' }
    const { tools } = parse({
      tools: [
        { name: 'f', description: 'F', input_schema: schema, cache_control: mark, strict: true },
        { type: 'custom', name: 'g', defer_loading: true },
        search,
      ],
    })
    expect(tools).toEqual([
      { type: 'function', name: 'f', description: 'F', parameters: schema, strict: true, cacheControl: mark },
      { type: 'function', name: 'g', description: null, parameters: null, strict: null },
      { type: 'provider', name: 'web_search', value: search },
    ])
  })

  it.each([
    [{ type: 'auto' }, { type: 'auto' }],
    [{ type: 'any' }, { type: 'required' }],
    [{ type: 'none' }, { type: 'none' }],
    [
      { type: 'tool', name: 'f' },
      { type: 'tool', name: 'f' },
    ],
    [{ type: 'constructor' }, null],
    [null, null],
  ])('are chosen by %j', (tool_choice, expected) => {
    expect(parse({ tool_choice }).toolChoice).toEqual(expected)
  })
})

describe('content blocks', () => {
  it('of media keep their source, whatever it is', () => {
    const base64 = { type: 'base64', media_type: 'image/png', data: 'QUJD' }
    expect(
      partsOf([
        { type: 'image', source: base64, cache_control: { type: 'ephemeral' } },
        { type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } },
        { type: 'image', source: { type: 'file', file_id: 'file_1' } },
        {
          type: 'document',
          source: { type: 'text', media_type: 'text/plain', data: 'T' },
          title: 'Title',
          context: 'C',
        },
        {
          type: 'document',
          source: {
            type: 'content',
            content: [
              { type: 'text', text: 'x' },
              { type: 'image', source: base64 },
            ],
          },
        },
        {
          type: 'search_result',
          title: 'R',
          source: 'https://r.example',
          content: [{ type: 'text', text: 'body' }],
        },
      ]),
    ).toMatchObject([
      {
        type: 'image',
        source: { kind: 'base64', mediaType: 'image/png', data: 'QUJD' },
        cacheControl: { type: 'ephemeral' },
      },
      { type: 'image', source: { kind: 'url', url: 'https://a.example/b.png' } },
      { type: 'image', source: { kind: 'file', fileId: 'file_1' } },
      { type: 'text', text: 'C' },
      { type: 'document', source: { kind: 'text', text: 'T' }, filename: 'Title' },
      { type: 'text', text: 'x' },
      { type: 'image', source: { kind: 'base64' } },
      { type: 'document', source: { kind: 'text', text: 'R\nhttps://r.example\nbody' } },
    ])
  })

  it('of tools keep ids, names and results', () => {
    expect(partsOf([{ type: 'tool_use', id: 'a', name: 'f', input: { x: [1] } }], 'assistant')).toEqual([
      { type: 'tool-call', id: 'a', name: 'f', kind: 'function', arguments: '{"x":[1]}' },
    ])
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'QUJD' } }
    expect(
      partsOf([
        { type: 'tool_result', tool_use_id: 'a', content: 'plain', is_error: true },
        { type: 'tool_result', tool_use_id: 'b', content: [{ type: 'text', text: 't' }, image] },
        { type: 'tool_result', tool_use_id: 'c' },
      ]),
    ).toMatchObject([
      { type: 'tool-result', toolCallId: 'a', parts: [{ type: 'text', text: 'plain' }], isError: true },
      { type: 'tool-result', toolCallId: 'b', parts: [{ type: 'text' }, { type: 'image' }], isError: false },
      { type: 'tool-result', toolCallId: 'c', parts: [] },
    ])
  })

  it('of text keep citations, and empty ones say nothing', () => {
    const native = {
      type: 'web_search_result_location',
      url: 'https://a.example',
      title: 'A',
      cited_text: 'c',
    }
    const content = [{ type: 'text', text: 'x', citations: [native] }, { type: 'text', text: '' }, 'bare']
    expect(partsOf(content, 'assistant')).toEqual([
      {
        type: 'text',
        text: 'x',
        citations: [{ url: 'https://a.example', title: 'A', citedText: 'c', native }],
      },
      { type: 'text', text: 'bare' },
    ])
  })

  it('of unknown types stay whole', () => {
    const block = { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }
    expect(partsOf([block], 'assistant')).toEqual([
      { type: 'opaque', dialect: 'anthropic-messages', value: block },
    ])
  })
})

describe('thinking that comes back', () => {
  const thinking = (signature: unknown) => [{ type: 'thinking', thinking: 'hm', signature }]

  it('keeps the signature only for the family that gave it', () => {
    expect(partsOf(thinking('sig'), 'assistant')).toMatchObject([{ text: 'hm', signature: 'sig' }])
    expect(partsOf(thinking('sig'), 'assistant', 'openai')).toMatchObject([{ text: 'hm', signature: null }])
    expect(partsOf(thinking(undefined), 'assistant')).toMatchObject([{ text: 'hm', signature: null }])
  })

  it('is opened for its own provider, and tampered or foreign envelopes are dropped', () => {
    const sealed = carrierOf('google').wrap('sig==', 'signature', 'anthropic')
    expect(partsOf(thinking(sealed), 'assistant', 'google')).toMatchObject([
      { text: 'hm', signature: 'sig==' },
    ])
    expect(partsOf(thinking(sealed), 'assistant', 'anthropic')).toMatchObject([
      { text: 'hm', signature: null },
    ])
    const [at, other] = [sealed.length - 10, sealed.at(-10) === 'A' ? 'B' : 'A']
    const tampered = sealed.slice(0, at) + other + sealed.slice(at + 1)
    expect(partsOf(thinking(tampered), 'assistant', 'google')).toMatchObject([{ signature: null }])
  })

  it('without text stays encrypted for its family and is gone for others', () => {
    const redacted = [{ type: 'redacted_thinking', data: 'blob' }]
    expect(partsOf(redacted, 'assistant')).toMatchObject([{ text: '', signature: null, redacted: 'blob' }])
    expect(partsOf(redacted, 'assistant', 'google')).toEqual([])
    const sealed = carrierOf('google').wrap('blob', 'redacted', 'anthropic')
    expect(partsOf([{ type: 'redacted_thinking', data: sealed }], 'assistant', 'google')).toMatchObject([
      { redacted: 'blob' },
    ])
  })
})

import { describe, expect, it } from 'vitest'
import { parseChatRequest } from './parse-request.ts'

const user = { role: 'user', content: 'Hi' }
const parse = (members: Record<string, unknown>) =>
  parseChatRequest({ model: 'm', messages: [user], ...members })

describe('parseChatRequest', () => {
  it('reads the smallest request', () => {
    expect(parse({})).toMatchObject({
      dialect: 'openai-chat',
      model: 'm',
      messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hi' }] }],
      stream: false,
      choiceCount: 1,
      extra: {},
    })
  })

  it.each([
    [{ model: 5 }, 'model'],
    [{ messages: 'x' }, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: [user, 5] }, 'messages[1]'],
    [{ messages: [{ role: 'robot', content: '' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'messages[0].content[0].text'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] },
      'messages[0].content[0].image_url.url',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: 'data:image/png,x' }] }] },
      'messages[0].content[0].image_url.url',
    ],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id'],
    [
      { messages: [{ role: 'assistant', tool_calls: [{ id: 'a', function: {} }] }] },
      'messages[0].tool_calls[0].function.name',
    ],
    [{ tools: {} }, 'tools'],
    [{ tools: [{ type: 'function' }] }, 'tools[0].function'],
    [
      { tools: [{ type: 'function', function: { name: 'f', parameters: 5 } }] },
      'tools[0].function.parameters',
    ],
    [{ temperature: 'hot' }, 'temperature'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ n: 1.5 }, 'n'],
    [{ stop: [1] }, 'stop'],
    [{ stream: 'yes' }, 'stream'],
    [{ response_format: { type: 'json_schema' } }, 'response_format.json_schema'],
  ])('names the malformed field of %j', (members, param) => {
    expect(() => parse(members)).toThrow(
      expect.objectContaining({ code: 'invalid_request', options: expect.objectContaining({ param }) }),
    )
  })

  it.each([[null], [[]], ['text'], [undefined]])('refuses %j as a body', (body) => {
    expect(() => parseChatRequest(body)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  })

  it('keeps unknown members and drops those for the gateway', () => {
    const request = parse({
      vendor: { a: 1 },
      num_retries: 3,
      litellm_trace_id: 'x',
      mock_response: 'y',
      logprobs: true,
    })
    expect(request.extra).toEqual({ vendor: { a: 1 }, logprobs: true })
  })

  it('reads media, files and unknown parts', () => {
    const content = [
      { type: 'image_url', image_url: { url: 'data:image/png;base64,QUJD', detail: 'low' } },
      { type: 'image_url', image_url: 'https://example.com/a.png' },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,QUJD', filename: 'a.pdf' } },
      { type: 'file', file: { file_id: 'file-1' } },
      { type: 'input_audio', input_audio: { data: 'QUJD', format: 'wav' } },
      { type: 'hologram', depth: 3 },
    ]
    expect(parse({ messages: [{ role: 'user', content }] }).messages[0]?.parts).toEqual([
      { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'QUJD' }, detail: 'low' },
      { type: 'image', source: { kind: 'url', url: 'https://example.com/a.png' } },
      {
        type: 'document',
        source: { kind: 'base64', mediaType: 'application/pdf', data: 'QUJD' },
        filename: 'a.pdf',
      },
      { type: 'document', source: { kind: 'file', fileId: 'file-1' } },
      { type: 'audio', data: 'QUJD', format: 'wav' },
      { type: 'opaque', dialect: 'openai-chat', value: { type: 'hologram', depth: 3 } },
    ])
  })

  it('reads assistant history: thinking, text, refusal, calls, and the older function form', () => {
    const messages = [
      user,
      {
        role: 'assistant',
        content: 'a',
        refusal: 'no',
        thinking_blocks: [
          { type: 'thinking', thinking: 't', signature: 's' },
          { type: 'redacted_thinking', data: 'd' },
        ],
        reasoning_content: 't',
        tool_calls: [
          { id: '1', type: 'function', function: { name: 'f', arguments: '{"x": 1}' } },
          { id: '2', type: 'custom', custom: { name: 'g', input: 'raw' } },
        ],
      },
      { role: 'tool', tool_call_id: '1', content: [{ type: 'text', text: 'r' }] },
      { role: 'assistant', content: null, function_call: { name: 'old', arguments: '' } },
      { role: 'function', name: 'old', content: 'done' },
    ]
    const parsed = parse({ messages }).messages
    expect(parsed[1]?.parts).toEqual([
      { type: 'reasoning', text: 't', signature: 's', redacted: null },
      { type: 'reasoning', text: '', signature: null, redacted: 'd' },
      { type: 'text', text: 'a' },
      { type: 'refusal', text: 'no' },
      { type: 'tool-call', id: '1', name: 'f', kind: 'function', arguments: '{"x": 1}' },
      { type: 'tool-call', id: '2', name: 'g', kind: 'custom', arguments: 'raw' },
    ])
    expect(parsed[3]?.parts[0]).toMatchObject({ id: 'call_old', name: 'old' })
    expect(parsed[4]).toMatchObject({ role: 'tool', parts: [{ toolCallId: 'call_old' }] })
  })

  it('reads tools of every form and tool choices', () => {
    const { tools } = parse({
      tools: [
        { type: 'function', function: { name: 'f', strict: true }, cache_control: { type: 'ephemeral' } },
        { type: 'custom', custom: { name: 'g', description: 'd' } },
        { name: 'h', input_schema: { type: 'object' } },
        { type: 'web_search_20250305', name: 'web_search' },
      ],
      functions: [{ name: 'old' }],
    })
    expect(tools.map((tool) => [tool.type, tool.name])).toEqual([
      ['function', 'f'],
      ['custom', 'g'],
      ['function', 'h'],
      ['provider', 'web_search'],
      ['function', 'old'],
    ])
    expect(tools[0]).toMatchObject({ strict: true, cacheControl: { type: 'ephemeral' } })
    expect(parse({ tool_choice: 'any' }).toolChoice).toEqual({ type: 'required' })
    expect(parse({ tool_choice: { type: 'function', function: { name: 'f' } } }).toolChoice).toEqual({
      type: 'tool',
      name: 'f',
    })
    expect(parse({ tool_choice: 'constructor' }).toolChoice).toBeNull()
    const allowed = { type: 'allowed_tools', mode: 'auto', tools: [] }
    expect(parse({ tool_choice: allowed })).toMatchObject({
      toolChoice: null,
      extra: { tool_choice: allowed },
    })
  })

  it('puts a mark on the message onto its last part', () => {
    const cache_control = { type: 'ephemeral' }
    const [message] = parse({ messages: [{ ...user, cache_control }] }).messages
    expect(message?.parts).toEqual([{ type: 'text', text: 'Hi', cacheControl: cache_control }])
  })
})

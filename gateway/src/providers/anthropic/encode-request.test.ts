import { describe, expect, it } from 'vitest'
import { parseChatRequest } from '../../protocols/openai-chat/parse-request.ts'
import { findProvider } from '../registry.ts'
import { sampleTarget } from '../target.fixture.ts'
import type { WireTarget } from '../wire.ts'
import { encodeRequest } from './encode-request.ts'

type Json = Record<string, unknown>
const user = { role: 'user', content: 'Hi' }
const anthropic = findProvider('anthropic')!
const older = 'claude-sonnet-4-20250514'
const newer = 'claude-opus-5'

const encodeFor = (model: string, members: Json, target: Partial<WireTarget> = {}) =>
  encodeRequest(
    parseChatRequest({ model: 'm', messages: [user], ...members }),
    sampleTarget(anthropic, model, target),
  )
const encode = (members: Json, target?: Partial<WireTarget>) => encodeFor(older, members, target)
const turns = (messages: Json[], target?: Partial<WireTarget>) =>
  encode({ messages }, target).body['messages'] as Json[]
const toolCall = (id: string, args = '{}', name = 'f') => ({
  id,
  type: 'function',
  function: { name, arguments: args },
})
const tool = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }
const refusal = (param: string) =>
  expect.objectContaining({ status: 400, options: expect.objectContaining({ param }) })

describe('messages', () => {
  it('encodes the smallest request', () => {
    expect(encode({}).body).toEqual({
      model: older,
      max_tokens: 4096,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
    })
  })

  it('gathers system and developer messages from everywhere, marks kept', () => {
    const cache_control = { type: 'ephemeral' }
    const { body } = encode({
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'a', cache_control }] },
        { role: 'developer', content: 'b' },
        user,
        { role: 'system', content: 'late' },
      ],
    })
    expect(body['system']).toEqual([
      { type: 'text', text: 'a', cache_control },
      { type: 'text', text: 'b' },
      { type: 'text', text: 'late' },
    ])
    expect(body['messages']).toHaveLength(1)
  })

  it('merges neighbours of one role, drops what is empty, trims a prefill', () => {
    const encoded = turns([
      user,
      {
        role: 'user',
        content: [
          { type: 'text', text: '' },
          { type: 'text', text: 'more' },
        ],
      },
      { role: 'assistant', content: '' },
      { role: 'user', content: 'again' },
      { role: 'assistant', content: 'So: \n' },
    ])
    expect(encoded).toEqual([
      { role: 'user', content: ['Hi', 'more', 'again'].map((text) => ({ type: 'text', text })) },
      { role: 'assistant', content: [{ type: 'text', text: 'So:' }] },
    ])
  })

  it('refuses a history that does not begin with the user, unless it may mend it', () => {
    const messages = [{ role: 'assistant', content: 'x' }, user]
    expect(() => turns(messages)).toThrow(refusal('messages'))
    expect(turns(messages, { modifyParams: true })[0]).toEqual({
      role: 'user',
      content: [{ type: 'text', text: '.' }],
    })
  })

  it('puts all results of one turn into one user message before any text', () => {
    const { body } = encode({
      tools: [tool],
      messages: [
        user,
        { role: 'assistant', content: 'ok', tool_calls: [toolCall('a', '{"x":1}'), toolCall('b', '')] },
        { role: 'tool', tool_call_id: 'b', content: 'B' },
        { role: 'user', content: 'and?' },
        {
          role: 'tool',
          tool_call_id: 'a',
          content: [{ type: 'image_url', image_url: { url: 'https://e.org/a.png' } }],
        },
        { role: 'tool', tool_call_id: 'b', content: 'B again' },
      ],
    })
    expect((body['messages'] as Json[]).slice(1)).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'ok' },
          { type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } },
          { type: 'tool_use', id: 'b', name: 'f', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 'a',
            content: [{ type: 'image', source: { type: 'url', url: 'https://e.org/a.png' } }],
          },
          { type: 'tool_result', tool_use_id: 'b', content: [{ type: 'text', text: 'B again' }] },
          { type: 'text', text: 'and?' },
        ],
      },
    ])
  })

  it.each([
    ['a call without a result', [user, { role: 'assistant', tool_calls: [toolCall('a')] }, user]],
    ['a last call without a result', [user, { role: 'assistant', tool_calls: [toolCall('a')] }]],
    ['a result without a call', [user, { role: 'tool', tool_call_id: 'a', content: 'x' }]],
  ])('refuses %s', (_, messages) => {
    expect(() => encode({ messages, tools: [tool] })).toThrow(refusal('messages'))
  })

  it('mends missing and orphaned results when it may', () => {
    const messages = [
      user,
      { role: 'assistant', tool_calls: [toolCall('a'), toolCall('b')] },
      { role: 'tool', tool_call_id: 'b', content: 'B' },
      { role: 'tool', tool_call_id: 'z', content: 'orphan' },
      user,
    ]
    const encoded = encode({ messages, tools: [tool] }, { modifyParams: true })
    const content = (encoded.body['messages'] as Json[]).at(-1)!['content'] as Json[]
    expect(content.map((block) => [block['type'], block['tool_use_id'], block['is_error']])).toEqual([
      ['tool_result', 'b', undefined],
      ['tool_result', 'a', true],
      ['text', undefined, undefined],
    ])
    expect(encoded.dropped).toEqual(['messages[].tool_result'])
  })

  it('keeps alternation when a mended turn becomes empty', () => {
    const messages = [
      user,
      { role: 'assistant', content: 'a' },
      { role: 'tool', tool_call_id: 'z', content: 'x' },
      { role: 'assistant', content: 'b' },
    ]
    expect(turns(messages, { modifyParams: true }).map((turn) => turn['role'])).toEqual(['user', 'assistant'])
  })

  it('wraps arguments that are no object', () => {
    const inputs = ['not json', '[1]', ' '].map((args) => {
      const messages = [
        user,
        { role: 'assistant', tool_calls: [toolCall('a', args)] },
        { role: 'tool', tool_call_id: 'a', content: '' },
      ]
      const [, assistant] = encode({ messages, tools: [tool] }).body['messages'] as { content: Json[] }[]
      return assistant?.content[0]?.['input']
    })
    expect(inputs).toEqual([{ _raw: 'not json' }, { _raw: '[1]' }, {}])
  })

  it('fits ids and names the provider would refuse, the same in call and result', () => {
    const name = `mcp.server/${'x'.repeat(80)}`
    const messages = [
      user,
      { role: 'assistant', tool_calls: [toolCall('call:1|é', '{}', name)] },
      { role: 'tool', tool_call_id: 'call:1|é', content: 'x' },
    ]
    const encoded = encode({
      messages,
      tools: [{ type: 'function', function: { name } }],
      tool_choice: { type: 'function', function: { name } },
    })
    const [, assistant, result] = encoded.body['messages'] as { content: Json[] }[]
    const upstream = assistant?.content[0]?.['name'] as string
    expect(upstream).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
    expect(encoded.replyContext.toolNames.get(upstream)).toBe(name)
    expect(encoded.body['tools']).toMatchObject([{ name: upstream }])
    expect(encoded.body['tool_choice']).toEqual({ type: 'tool', name: upstream })
    expect(assistant?.content[0]?.['id']).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
    expect(result?.content[0]?.['tool_use_id']).toBe(assistant?.content[0]?.['id'])
  })

  it('replays signed thinking first and verbatim, and drops what is unsigned', () => {
    const thinking_blocks = [
      { type: 'thinking', thinking: ' t ', signature: 'c2ln==' },
      { type: 'redacted_thinking', data: 'ZGF0YQ==' },
    ]
    const assistant = (members: Json) =>
      encode({ messages: [user, { role: 'assistant', content: 'x', ...members }, user] })
    expect((assistant({ thinking_blocks }).body['messages'] as Json[])[1]?.['content']).toEqual([
      ...thinking_blocks,
      { type: 'text', text: 'x' },
    ])
    const unsigned = assistant({ reasoning_content: 'secret' })
    expect(JSON.stringify(unsigned.body)).not.toContain('secret')
    expect(unsigned.dropped).toEqual(['messages[].reasoning_content'])
  })
})

describe('media', () => {
  const source = (url: string) => {
    const [turn] = turns([{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }]) as {
      content: Json[]
    }[]
    return turn?.content[0]?.['source']
  }
  const bytes = (...head: number[]) => Buffer.from([...head, ...Array(20).fill(0)]).toString('base64')

  it.each([
    ['image/png', bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)],
    ['image/jpeg', bytes(0xff, 0xd8, 0xff)],
    ['image/gif', Buffer.from('GIF89a--------------').toString('base64')],
    ['image/webp', Buffer.from('RIFF0000WEBPVP8 ').toString('base64')],
  ])('trusts the bytes for %s, not the claim', (mediaType, data) => {
    expect(source(`data:image/bmp;base64,${data}`)).toEqual({ type: 'base64', media_type: mediaType, data })
  })

  it('falls back to the claim for unknown bytes', () => {
    expect(source('data:image/avif;base64,QUJD')).toMatchObject({ media_type: 'image/avif' })
  })

  it('encodes documents by kind', () => {
    const file = (members: Json) => ({ type: 'file', file: members })
    const content = [
      file({ file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' }),
      file({ file_data: `data:text/csv;base64,${Buffer.from('a,é').toString('base64')}` }),
      file({ file_id: 'file_1' }),
    ]
    const { body, headers } = encode({ messages: [{ role: 'user', content }] })
    expect((body['messages'] as Json[])[0]?.['content']).toEqual([
      {
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
        title: 'a.pdf',
      },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a,é' } },
      { type: 'document', source: { type: 'file', file_id: 'file_1' } },
    ])
    expect(headers).toEqual(['anthropic-beta', 'files-api-2025-04-14'])
  })

  it('refuses audio', () => {
    const content = [
      { type: 'input_audio', input_audio: { data: 'QUJD', format: 'wav' } },
      { type: 'text', text: 'x' },
    ]
    const messages = [{ role: 'user', content }]
    expect(() => turns(messages)).toThrow(refusal('messages[].content[].input_audio'))
    expect(turns(messages, { dropParams: true })[0]?.['content']).toEqual([{ type: 'text', text: 'x' }])
  })
})

describe('tools', () => {
  it('encodes functions, keeping unknown schema words, and free-text tools', () => {
    const { body, replyContext } = encode({
      tools: [
        {
          type: 'function',
          function: {
            name: 'f',
            description: 'd',
            parameters: { $defs: {}, properties: { a: {} } },
            strict: true,
          },
        },
        { type: 'function', function: { name: 'g' }, cache_control: { type: 'ephemeral' } },
        { type: 'custom', custom: { name: 'patch', description: 'p' } },
      ],
    })
    expect(body['tools']).toEqual([
      { name: 'f', description: 'd', input_schema: { $defs: {}, type: 'object', properties: { a: {} } } },
      { name: 'g', input_schema: { type: 'object', properties: {} }, cache_control: { type: 'ephemeral' } },
      {
        name: 'patch',
        description: 'p',
        input_schema: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
      },
    ])
    expect([...replyContext.customTools]).toEqual(['patch'])
  })

  it('keeps strict where the model knows it', () => {
    const tools = [{ type: 'function', function: { name: 'f', parameters: {}, strict: true } }]
    expect(encodeFor(newer, { tools }).body['tools']).toMatchObject([{ strict: true }])
  })

  it.each([
    [{ tool_choice: 'auto' }, { type: 'auto' }],
    [{ tool_choice: 'required' }, { type: 'any' }],
    [{ tool_choice: 'none' }, { type: 'none' }],
    [{ tool_choice: { type: 'function', function: { name: 'f' } } }, { type: 'tool', name: 'f' }],
    [{ parallel_tool_calls: false }, { type: 'auto', disable_parallel_tool_use: true }],
    [
      { parallel_tool_calls: false, tool_choice: 'required' },
      { type: 'any', disable_parallel_tool_use: true },
    ],
    [{ parallel_tool_calls: false, tool_choice: 'none' }, { type: 'none' }],
    [{ parallel_tool_calls: true }, undefined],
  ])('maps %j', (members, expected) => {
    expect(encode({ ...members, tools: [tool] }).body['tool_choice']).toEqual(expected)
  })

  it('never sends a choice without tools', () => {
    expect(encode({ tool_choice: 'none', parallel_tool_calls: false }).body).not.toHaveProperty('tool_choice')
  })

  it('passes server tools through with the beta their version needs', () => {
    const tools = [
      { type: 'web_search_20250305', name: 'web_search', max_uses: 2 },
      { type: 'computer_20250124', name: 'computer', display_width_px: 1 },
    ]
    const { body, headers } = encode({ tools })
    expect(body['tools']).toEqual(tools)
    expect(headers).toEqual(['anthropic-beta', 'computer-use-2025-01-24'])
  })

  it('turns search options into the search tool', () => {
    const web_search_options = {
      search_context_size: 'high',
      user_location: { type: 'approximate', approximate: { city: 'Oslo' } },
    }
    expect(encode({ web_search_options }).body['tools']).toEqual([
      {
        type: 'web_search_20250305',
        name: 'web_search',
        max_uses: 10,
        user_location: { type: 'approximate', city: 'Oslo' },
      },
    ])
  })

  it('refuses tools of unknown kind', () => {
    expect(() => encode({ tools: [{ type: 'hologram' }] })).toThrow(refusal('tools.hologram'))
    expect(encode({ tools: [{ type: 'hologram' }] }, { dropParams: true })).toMatchObject({
      dropped: ['tools.hologram'],
    })
  })

  it('defines the tools a history calls, when it may', () => {
    const messages = [
      user,
      { role: 'assistant', tool_calls: [toolCall('a')] },
      { role: 'tool', tool_call_id: 'a', content: 'x' },
    ]
    expect(() => encode({ messages })).toThrow(refusal('tools'))
    expect(encode({ messages }, { modifyParams: true }).body['tools']).toEqual([
      { name: 'f', input_schema: { type: 'object', properties: {} } },
    ])
  })
})

describe('response format', () => {
  const closed = { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false }
  const open = { type: 'object', properties: { a: { type: 'object' } }, additionalProperties: false }
  const format = (schema: Json) => ({
    response_format: { type: 'json_schema', json_schema: { name: 'n', schema } },
  })

  it('is native where model and schema allow', () => {
    expect(encodeFor(newer, format(closed)).body).toMatchObject({
      output_config: { format: { type: 'json_schema', schema: closed } },
    })
    expect(encodeFor(newer, format(open)).body).not.toHaveProperty('output_config')
  })

  it('is a forced tool elsewhere', () => {
    const { body, replyContext } = encode(format(closed))
    expect(body).toMatchObject({
      tools: [{ name: 'json_tool_call', input_schema: closed }],
      tool_choice: { type: 'tool', name: 'json_tool_call' },
    })
    expect(replyContext.jsonTool).toBe('json_tool_call')
  })

  it('leaves the model free to call other tools first', () => {
    expect(encode({ ...format(closed), tools: [tool] }).body['tool_choice']).toEqual({ type: 'any' })
    expect(encode({ ...format(closed), tools: [tool], tool_choice: 'none' }).body['tool_choice']).toEqual({
      type: 'tool',
      name: 'json_tool_call',
    })
  })

  it('is an instruction while the model thinks, for other root types, and for plain JSON mode', () => {
    const thinking = encode({ ...format(closed), reasoning_effort: 'low' })
    expect(thinking.body).not.toHaveProperty('tools')
    expect(thinking.body['system']).toEqual([
      { type: 'text', text: expect.stringContaining(JSON.stringify(closed)) },
    ])
    expect(encode(format({ type: 'array' })).body).toHaveProperty('system')
    expect(encode({ response_format: { type: 'json_object' } }).body).toHaveProperty('system')
    expect(encode({ response_format: { type: 'text' } }).body).not.toHaveProperty('system')
  })
})

describe('reasoning', () => {
  it.each([
    ['minimal', 1024],
    ['low', 1024],
    ['medium', 2048],
    ['high', 4096],
    ['xhigh', 4096],
  ])('gives %s a budget on older models', (reasoning_effort, budget_tokens) => {
    expect(encode({ reasoning_effort }).body['thinking']).toEqual({ type: 'enabled', budget_tokens })
  })

  it.each([
    ['minimal', 'low'],
    ['low', 'low'],
    ['medium', 'medium'],
    ['high', 'high'],
    ['xhigh', 'xhigh'],
  ])('gives %s as effort on newer models', (reasoning_effort, effort) => {
    const { body } = encodeFor(newer, { reasoning_effort })
    expect(body).toMatchObject({ thinking: { type: 'adaptive' }, output_config: { effort } })
  })

  it("switches thinking off, keeps the caller's own form, and refuses unknown words", () => {
    expect(encode({ reasoning_effort: 'none' }).body['thinking']).toEqual({ type: 'disabled' })
    const thinking = { type: 'enabled', budget_tokens: 9000 }
    expect(encode({ thinking, max_tokens: 10 }).body).toMatchObject({ thinking, max_tokens: 9010 })
    expect(() => encode({ reasoning_effort: 'extreme' })).toThrow(refusal('reasoning_effort'))
    expect(() => encodeFor('claude-3-5-haiku-latest', { reasoning_effort: 'low' })).toThrow(
      refusal('reasoning_effort'),
    )
  })

  it('raises the token limit above the budget only when needed', () => {
    expect(encode({ reasoning_effort: 'high', max_tokens: 100 }).body['max_tokens']).toBe(4196)
    expect(encode({ reasoning_effort: 'high', max_tokens: 9000 }).body['max_tokens']).toBe(9000)
    expect(encode({}, { maxOutputTokens: 64_000 }).body['max_tokens']).toBe(64_000)
  })

  it('does not think in the middle of a tool loop whose thinking was lost, when it may change that', () => {
    const messages = [
      user,
      { role: 'assistant', tool_calls: [toolCall('a')] },
      { role: 'tool', tool_call_id: 'a', content: 'x' },
    ]
    const request = { messages, tools: [tool], reasoning_effort: 'low' }
    expect(encode(request, { modifyParams: true }).body).not.toHaveProperty('thinking')
    expect(encode(request).body).toHaveProperty('thinking')
  })
})

describe('other parameters', () => {
  it('clamps temperature, and omits sampling while thinking', () => {
    expect(encode({ temperature: 1.7, top_p: 0.5, top_k: 3 }).body).toMatchObject({
      temperature: 1,
      top_p: 0.5,
      top_k: 3,
    })
    const thinking = encode({ temperature: 0.3, top_p: 0.97, reasoning_effort: 'low' })
    expect(thinking.body).toMatchObject({ top_p: 0.97 })
    expect(thinking.dropped).toEqual(['temperature'])
  })

  it('leaves out default sampling for models that refuse it, and refuses the rest', () => {
    expect(encodeFor(newer, { temperature: 1, top_p: 1 }).body).not.toHaveProperty('temperature')
    expect(() => encodeFor(newer, { temperature: 0.2 })).toThrow(refusal('temperature'))
    expect(encodeFor(newer, { temperature: 0.2 }, { dropParams: true }).dropped).toEqual(['temperature'])
    expect(encodeFor('claude-opus-4-6', { temperature: 0.2 }).body).toHaveProperty('temperature', 0.2)
  })

  it.each([
    [{ n: 2 }, 'n'],
    [{ seed: 1 }, 'seed'],
    [{ frequency_penalty: 0.5 }, 'frequency_penalty'],
    [{ presence_penalty: 0.5 }, 'presence_penalty'],
    [{ logit_bias: { 5: 1 } }, 'logit_bias'],
    [{ logprobs: true }, 'logprobs'],
    [{ prediction: { type: 'content' } }, 'prediction'],
    [{ audio: { voice: 'x' } }, 'audio'],
    [{ stop: [' '] }, 'stop'],
  ])('refuses %j, or drops it when allowed', (members, name) => {
    expect(() => encode(members)).toThrow(refusal(name))
    const encoded = encode(members, { dropParams: true })
    expect(encoded.dropped).toEqual([name])
    expect(encoded.body).not.toHaveProperty(name)
  })

  it('takes values that ask for nothing, and notes lost hints', () => {
    const neutral = { n: 1, logprobs: false, logit_bias: {}, frequency_penalty: 0, presence_penalty: 0 }
    expect(encode(neutral).dropped).toEqual([])
    const hints = encode({ store: false, prompt_cache_key: 'x', verbosity: 'low' })
    expect(hints.dropped).toEqual(['store', 'prompt_cache_key', 'verbosity'])
    expect(Object.keys(hints.body).sort()).toEqual(['max_tokens', 'messages', 'model'])
  })

  it('passes what only the provider can judge', () => {
    expect(encode({ container: 'c', vendor: 1 }).body).toMatchObject({ container: 'c', vendor: 1 })
  })

  it('maps stop, stream, service tier and end user', () => {
    expect(encode({ stop: 'END', stream: true, service_tier: 'default', user: 'u-1' }).body).toMatchObject({
      stop_sequences: ['END'],
      stream: true,
      service_tier: 'standard_only',
      metadata: { user_id: 'u-1' },
    })
    expect(encode({ service_tier: 'flex' }).dropped).toEqual(['service_tier'])
  })

  it.each(['a@b.org', '+49 170 1234567', '(555) 123-4567'])('hides the personal end user %s', (name) => {
    const { metadata } = encode({ user: name }).body as { metadata: { user_id: string } }
    expect(metadata.user_id).toMatch(/^[0-9a-f]{64}$/)
  })

  it('keeps at most four cache marks, the newest', () => {
    const cache_control = { type: 'ephemeral' }
    const part = (text: string) => ({ type: 'text', text, cache_control })
    const { body } = encode({
      tools: [{ ...tool, cache_control }],
      messages: [
        { role: 'system', content: [part('s')] },
        { role: 'user', content: ['a', 'b', 'c', 'd'].map(part) },
      ],
    })
    const marked = (blocks: unknown) =>
      (blocks as Json[]).filter((block) => block['cache_control'] !== undefined).length
    expect(marked(body['tools'])).toBe(0)
    expect(marked(body['system'])).toBe(0)
    expect(marked((body['messages'] as Json[])[0]?.['content'])).toBe(4)
  })
})

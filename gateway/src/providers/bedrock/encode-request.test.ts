import { describe, expect, it } from 'vitest'
import { sampleRequest } from '../../conversation/request.fixture.ts'
import type { ConversationRequest } from '../../conversation/request.ts'
import { findProvider } from '../registry.ts'
import { sampleTarget } from '../target.fixture.ts'
import type { WireTarget } from '../wire.ts'
import { encodeRequest } from './encode-request.ts'

const provider = findProvider('bedrock')!
const claude = 'eu.anthropic.claude-sonnet-4-20250514-v1:0'
const nova = 'amazon.nova-pro-v1:0'
const llama = 'meta.llama3-3-70b-instruct-v1:0'
const encode = (members: Partial<ConversationRequest>, model = claude, target: Partial<WireTarget> = {}) =>
  encodeRequest(sampleRequest(members), sampleTarget(provider, model, target))
const text = (value: string, cacheControl?: object) =>
  ({ type: 'text', text: value, ...(cacheControl === undefined ? {} : { cacheControl }) }) as never
const marked = { type: 'ephemeral' }
const tool = {
  type: 'function',
  name: 'f',
  description: 'd',
  parameters: { type: 'object' },
  strict: null,
} as const
const call = (id: string) =>
  ({ type: 'tool-call', id, name: 'f', kind: 'function', arguments: '{"x":1}' }) as const
const result = (toolCallId: string, parts: never[] = [text('r')]) =>
  ({ type: 'tool-result', toolCallId, parts, isError: false }) as const
const user = { role: 'user', parts: [text('Hi')] } as const
const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]).toString('base64')

describe('encodeRequest of the bedrock wire', () => {
  it('writes the least it can', () => {
    expect(encode({}).body).toEqual({ messages: [{ role: 'user', content: [{ text: 'Hello' }] }] })
  })

  it('writes a tool loop in strict turns, results first, with cache points behind what they mark', () => {
    const { body } = encode({
      messages: [
        { role: 'system', parts: [text('Be brief.', marked)] },
        user,
        { role: 'user', parts: [text('and look')] },
        {
          role: 'assistant',
          parts: [
            { type: 'reasoning', text: 'Hm.', signature: 'sig', redacted: null },
            { type: 'reasoning', text: '', signature: null, redacted: 'cmVk' },
            text('Calling.'),
            call('a'),
            call('b'),
          ],
        },
        { role: 'tool', parts: [result('a')] },
        { role: 'tool', parts: [result('b', [])] },
        { role: 'user', parts: [text('So?', { type: 'ephemeral', ttl: '1h' })] },
      ],
      tools: [{ ...tool, cacheControl: marked }],
      toolChoice: { type: 'required' },
    })
    const toolUse = (toolUseId: string) => ({ toolUse: { toolUseId, name: 'f', input: { x: 1 } } })
    expect(body).toEqual({
      system: [{ text: 'Be brief.' }, { cachePoint: { type: 'default' } }],
      messages: [
        { role: 'user', content: [{ text: 'Hi' }, { text: 'and look' }] },
        {
          role: 'assistant',
          content: [
            { reasoningContent: { reasoningText: { text: 'Hm.', signature: 'sig' } } },
            { reasoningContent: { redactedContent: 'cmVk' } },
            { text: 'Calling.' },
            toolUse('a'),
            toolUse('b'),
          ],
        },
        {
          role: 'user',
          content: [
            { toolResult: { toolUseId: 'a', content: [{ text: 'r' }] } },
            { toolResult: { toolUseId: 'b', content: [{ text: '(no output)' }] } },
            { text: 'So?' },
            { cachePoint: { type: 'default', ttl: '1h' } },
          ],
        },
      ],
      toolConfig: {
        tools: [
          {
            toolSpec: {
              name: 'f',
              description: 'd',
              inputSchema: { json: { type: 'object', properties: {} } },
            },
          },
          { cachePoint: { type: 'default' } },
        ],
        toolChoice: { any: {} },
      },
    })
  })

  it('keeps the four latest cache points, and none for models that refuse them', () => {
    const messages = [1, 2, 3, 4, 5, 6].map(
      (number) => ({ role: 'user', parts: [text(`${number}`, marked)] }) as const,
    )
    const points = (model: string) => {
      const { body } = encode({ messages }, model)
      const [turn] = body['messages'] as { content: object[] }[]
      return turn?.content
        .map((block) => ('cachePoint' in block ? '|' : (block as { text: string }).text))
        .join('')
    }
    expect(points(claude)).toBe('123|4|5|6|')
    expect(points('arn:aws:bedrock:eu-west-1:1:application-inference-profile/x')).toBe('123|4|5|6|')
    expect(points(llama)).toBe('123456')
  })

  it('writes images and documents as bytes or by their place in S3', () => {
    const image = (source: object) => ({ type: 'image', source }) as never
    const document = (source: object, filename?: string) => ({ type: 'document', source, filename }) as never
    const { body } = encode({
      messages: [
        {
          role: 'user',
          parts: [
            image({ kind: 'base64', mediaType: 'image/jpeg', data: png }),
            image({ kind: 'url', url: 's3://bucket/a.WEBP' }),
            document({ kind: 'base64', mediaType: 'application/pdf', data: 'UERG' }, 'Q1_report (final).pdf'),
            document({ kind: 'base64', mediaType: 'text/csv', data: 'YQ==' }),
            document({ kind: 'text', text: 'plain' }, 'ünïcode'),
          ],
        },
      ],
    })
    expect(body['messages']).toEqual([
      {
        role: 'user',
        content: [
          { image: { format: 'png', source: { bytes: png } } },
          { image: { format: 'webp', source: { s3Location: { uri: 's3://bucket/a.WEBP' } } } },
          { document: { format: 'pdf', name: 'Q1 report (final) 1', source: { bytes: 'UERG' } } },
          { document: { format: 'csv', name: 'document 2', source: { bytes: 'YQ==' } } },
          { document: { format: 'txt', name: 'n code 3', source: { bytes: 'cGxhaW4=' } } },
          { text: '.' },
        ],
      },
    ])
  })

  it('puts limits and sampling where each maker reads them', () => {
    const members = {
      maxOutputTokens: 50,
      sampling: { ...sampleRequest().sampling, temperature: 1.5, topP: 0.9, topK: 20 },
      stop: ['END'],
    }
    const inferenceConfig = { maxTokens: 50, temperature: 1, topP: 0.9, stopSequences: ['END'] }
    expect(encode(members).body).toMatchObject({
      inferenceConfig,
      additionalModelRequestFields: { top_k: 20 },
    })
    expect(encode(members, nova).body).toMatchObject({
      inferenceConfig,
      additionalModelRequestFields: { inferenceConfig: { topK: 20 } },
    })
  })

  it.each([
    [
      claude,
      { effort: 'medium', budgetTokens: null },
      { thinking: { type: 'enabled', budget_tokens: 2048 } },
      2148,
    ],
    [
      'anthropic.claude-opus-4-7',
      { effort: 'high', budgetTokens: null },
      { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
      100,
    ],
    ['openai.gpt-oss-120b-1:0', { effort: 'minimal', budgetTokens: null }, { reasoning_effort: 'low' }, 100],
    [
      'us.amazon.nova-2-lite-v1:0',
      { effort: 'xhigh', budgetTokens: null },
      { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'high' } },
      100,
    ],
  ])('tells %s to think', (model, reasoning, fields, maxTokens) => {
    const { body } = encode({ reasoning, maxOutputTokens: 100 }, model)
    expect(body['additionalModelRequestFields']).toEqual(fields)
    expect(body['inferenceConfig']).toEqual({ maxTokens })
  })

  it('lets agents ask any model to think, and notes where it cannot', () => {
    const reasoning = { effort: null, budgetTokens: 4000 }
    const { body, dropped } = encode({ dialect: 'anthropic-messages', reasoning }, llama)
    expect(body).not.toHaveProperty('additionalModelRequestFields')
    expect(dropped).toEqual(['reasoning_effort'])
  })

  it('forces a tool for a schema, or says it in words', () => {
    const responseFormat = {
      type: 'json_schema',
      name: 'n',
      description: null,
      schema: { type: 'object', properties: {} },
      strict: true,
    } as const
    const forced = encode({ responseFormat })
    expect(forced.body['toolConfig']).toMatchObject({ toolChoice: { tool: { name: 'json_tool_call' } } })
    expect(forced.replyContext.jsonTool).toBe('json_tool_call')
    expect(encode({ responseFormat, tools: [tool] }).body['toolConfig']).toMatchObject({
      toolChoice: { any: {} },
    })
    const inWords = encode({ responseFormat }, llama)
    expect(inWords.body['system']).toEqual([{ text: expect.stringContaining('JSON schema') }])
    expect(encode({ responseFormat: { type: 'json_object' } }).body['system']).toHaveLength(1)
  })

  it('passes members of Converse, keeps known betas and leaves out what it would refuse', () => {
    const { body, dropped } = encode({
      extra: {
        guardrailConfig: { guardrailIdentifier: 'g' },
        additionalModelRequestFields: { x: 1 },
        anthropic_beta: ['context-1m-2025-08-07', 'advanced-tool-use-2025-11-20', 'brand-new-2030-01-01'],
        never_heard_of: 1,
        logprobs: false,
      },
      serviceTier: 'priority',
      user: 'u',
    })
    expect(body).toMatchObject({
      guardrailConfig: { guardrailIdentifier: 'g' },
      serviceTier: { type: 'priority' },
      additionalModelRequestFields: {
        x: 1,
        anthropic_beta: ['context-1m-2025-08-07', 'tool-search-tool-2025-10-19'],
      },
    })
    expect(dropped).toEqual(['anthropic_beta', 'never_heard_of', 'user'])
  })

  it('withholds the tools from a model that must not call them, unless the history needs them', () => {
    const none = { tools: [tool], toolChoice: { type: 'none' } } as const
    expect(encode(none).body).not.toHaveProperty('toolConfig')
    const history = [
      user,
      { role: 'assistant', parts: [call('a')] },
      { role: 'tool', parts: [result('a')] },
    ] as const
    expect(encode({ ...none, messages: history }).body['toolConfig']).toMatchObject({ tools: [{}] })
  })

  it('refuses a history that Converse refuses, or mends it', () => {
    const orphan = { messages: [user, { role: 'assistant', parts: [call('a')] }] } as const
    expect(() => encode(orphan)).toThrow(/has no result/)
    expect(() => encode({ messages: [{ role: 'assistant', parts: [text('x')] }] })).toThrow(/first message/)
    const { body } = encode(orphan, claude, { modifyParams: true })
    expect(body['messages']).toMatchObject([
      {},
      {},
      { content: [{ toolResult: { toolUseId: 'a', status: 'error' } }] },
    ])
    expect(body['toolConfig']).toMatchObject({ tools: [{ toolSpec: { name: 'f' } }] })
  })

  it.each<[string, Partial<ConversationRequest>, string]>([
    ['n', { choiceCount: 2 }, claude],
    ['seed', { sampling: { ...sampleRequest().sampling, seed: 1 } }, claude],
    ['logit_bias', { extra: { logit_bias: { 1: 2 } } }, claude],
    ['tool_choice', { tools: [tool], toolChoice: { type: 'required' } }, llama],
    ['reasoning_effort', { reasoning: { effort: 'low', budgetTokens: null } }, llama],
    ['web_search_options', { webSearch: { contextSize: 'low', userLocation: null } }, claude],
    [
      'messages[].content[].image_url',
      {
        messages: [
          user,
          { role: 'user', parts: [{ type: 'image', source: { kind: 'url', url: 'https://x.test/a' } }] },
        ],
      },
      claude,
    ],
    [
      'messages[].content[].file',
      {
        messages: [
          user,
          { role: 'user', parts: [{ type: 'document', source: { kind: 'file', fileId: 'f' } }] },
        ],
      },
      claude,
    ],
    [
      'messages[].content[].input_audio',
      { messages: [user, { role: 'user', parts: [{ type: 'audio', data: '', format: 'wav' }] }] },
      claude,
    ],
  ])('refuses %s, or drops it', (param, members, model) => {
    expect(() => encode(members, model)).toThrow(expect.objectContaining({ code: 'unsupported_parameter' }))
    expect(encode(members, model, { dropParams: true }).dropped).toContain(param)
  })
})

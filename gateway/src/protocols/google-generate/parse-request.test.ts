import { describe, expect, it } from 'vitest'
import { carrierOf } from '../../conversation/for-test.ts'
import type { ConversationRequest } from '../../conversation/request.ts'
import { splitThoughtCallId } from '../../conversation/thought-call-id.ts'
import { parseGenerateRequest } from './parse-request.ts'
import { wrapSignature } from './thought-signature.ts'

function parse(members: Record<string, unknown>, family = 'google'): ConversationRequest {
  const options = { operation: 'chat', model: 'group', stream: true, dropParams: false } as const
  const body = { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }], ...members }
  return parseGenerateRequest(body, { ...options, carrier: carrierOf(family) })
}

const partsOf = (parts: unknown, role = 'user', family?: string) =>
  parse({ contents: [{ role, parts }] }, family).messages[0]?.parts
const failureOf = (members: Record<string, unknown>): unknown => {
  try {
    parse(members)
  } catch (error) {
    return error
  }
  return null
}

describe('a generateContent body', () => {
  const camel = {
    systemInstruction: { parts: [{ text: 'Be kind.' }] },
    generationConfig: {
      maxOutputTokens: 9,
      temperature: 0,
      topP: 0.5,
      topK: 3,
      seed: 1,
      stopSequences: ['END'],
      candidateCount: 2,
      frequencyPenalty: 0.1,
      presencePenalty: 0.2,
      responseMimeType: 'application/json',
      responseSchema: { type: 'OBJECT', properties: { a: { type: 'STRING', nullable: true } } },
      thinkingConfig: { thinkingBudget: 5000 },
    },
    toolConfig: { functionCallingConfig: { mode: 'AUTO' } },
    safetySettings: [{ category: 'x' }],
  }
  const snake = {
    system_instruction: { parts: [{ text: 'Be kind.' }] },
    generation_config: {
      max_output_tokens: 9,
      temperature: 0,
      top_p: 0.5,
      top_k: 3,
      seed: 1,
      stop_sequences: ['END'],
      candidate_count: 2,
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
      response_mime_type: 'application/json',
      response_schema: { type: 'OBJECT', properties: { a: { type: 'STRING', nullable: true } } },
      thinking_config: { thinking_budget: 5000 },
    },
    tool_config: { function_calling_config: { mode: 'AUTO' } },
    safetySettings: [{ category: 'x' }],
  }

  it.each([
    ['camel', camel],
    ['snake', snake],
  ])('is read in %s case', (_, members) => {
    const schema = { type: 'object', properties: { a: { type: ['string', 'null'] } } }
    expect(parse(members)).toEqual({
      dialect: 'google-generate',
      model: 'group',
      messages: [
        { role: 'system', parts: [{ type: 'text', text: 'Be kind.' }] },
        { role: 'user', parts: [{ type: 'text', text: 'Hello' }] },
      ],
      tools: [],
      toolChoice: { type: 'auto' },
      parallelToolCalls: null,
      maxOutputTokens: 9,
      sampling: {
        temperature: 0,
        topP: 0.5,
        topK: 3,
        seed: 1,
        frequencyPenalty: 0.1,
        presencePenalty: 0.2,
      },
      stop: ['END'],
      choiceCount: 2,
      responseFormat: { type: 'json_schema', name: 'response', description: null, schema, strict: null },
      reasoning: { effort: 'medium', budgetTokens: 5000 },
      webSearch: null,
      user: null,
      metadata: null,
      serviceTier: null,
      stream: true,
      streamUsage: true,
      extra: { safetySettings: [{ category: 'x' }] },
    })
  })

  it('may be a bare text, a single content, or a single part', () => {
    const messages = [{ role: 'user', parts: [{ type: 'text', text: 'Hi' }] }]
    expect(parse({ contents: 'Hi' }).messages).toEqual(messages)
    expect(parse({ contents: { parts: { text: 'Hi' } } }).messages).toEqual(messages)
    expect(parse({ contents: ['Hi'] }).messages).toEqual(messages)
    expect(parse({ generateContentRequest: { model: 'models/x', contents: 'Hi' } }).messages).toEqual(
      messages,
    )
  })

  it('is read through what an operator configured, where the client is silent', () => {
    const request = parse({ temperature: 0.1, max_tokens: 5, generationConfig: { temperature: 0.9 } })
    expect(request.sampling.temperature).toBe(0.9)
    expect(request.maxOutputTokens).toBe(5)
    expect(request.extra).toEqual({})
  })

  it.each([
    [{ contents: [] }, 'contents'],
    [{ contents: [{ role: 'nobody', parts: [] }] }, 'contents[0].role'],
    [{ contents: [{ parts: [{ functionCall: { args: {} } }] }] }, 'contents[0].parts[0].functionCall.name'],
    [
      { contents: [{ parts: [{ functionCall: { name: 'f', args: 'x' } }] }] },
      'contents[0].parts[0].functionCall.args',
    ],
    [{ contents: [{ parts: [5] }] }, 'contents[0].parts[0]'],
    [{ generationConfig: { topK: 'x' } }, 'generationConfig.topK'],
    [{ generationConfig: { stopSequences: 'x' } }, 'generationConfig.stopSequences'],
    [{ tools: [{ functionDeclarations: [{}] }] }, 'tools[0].functionDeclarations[0].name'],
  ])('is refused for %j, naming %s', (members, param) => {
    expect(failureOf(members)).toMatchObject({ code: 'invalid_request', options: { param } })
  })
})

describe('its parts', () => {
  it('are media of every kind', () => {
    expect(
      partsOf([
        { inlineData: { mimeType: 'image/png', data: 'QU-_' } },
        { inline_data: { mime_type: 'application/pdf', data: 'QUJD' } },
        { inlineData: { mimeType: 'audio/mpeg', data: 'QUJD' } },
        { fileData: { mimeType: 'image/jpeg', fileUri: 'https://e.org/a.jpg' } },
        { file_data: { mime_type: 'video/mp4', file_uri: 'files/1' } },
      ]),
    ).toEqual([
      { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'QU+/' } },
      { type: 'document', source: { kind: 'base64', mediaType: 'application/pdf', data: 'QUJD' } },
      { type: 'audio', data: 'QUJD', format: 'mp3' },
      { type: 'image', source: { kind: 'url', url: 'https://e.org/a.jpg' } },
      { type: 'document', source: { kind: 'file', fileId: 'files/1' } },
    ])
  })

  it('stay whole when only the dialect knows them', () => {
    const part = { executableCode: { language: 'PYTHON', code: '1' } }
    expect(partsOf([part])).toEqual([{ type: 'opaque', dialect: 'google-generate', value: part }])
  })

  it('give back a signature to who gave it, and to nobody else', () => {
    const carrier = carrierOf('anthropic')
    const signed = (payload: string, form: 'signature' | 'redacted') => ({
      text: 'hm',
      thought: true,
      thoughtSignature: wrapSignature(payload, form, carrier),
    })
    const [own] = partsOf([{ text: 'hm', thought: true, thoughtSignature: 'c2ln' }], 'model') ?? []
    expect(own).toEqual({ type: 'reasoning', text: 'hm', signature: 'c2ln', redacted: null })
    const claude = [signed('c2ln', 'signature'), signed('ZGF0YQ', 'redacted')]
    expect(partsOf(claude, 'model', 'anthropic')).toEqual([
      { type: 'reasoning', text: 'hm', signature: 'c2ln', redacted: null },
      { type: 'reasoning', text: '', signature: null, redacted: 'ZGF0YQ' },
    ])
    expect(partsOf(claude, 'model', 'google')).toMatchObject([{ signature: null }, { signature: null }])
  })

  it('keep the signature of a call in its id', () => {
    const part = { functionCall: { id: 'x', name: 'f', args: {} }, thoughtSignature: 'c2ln' }
    const [call] = partsOf([part], 'model') ?? []
    if (call?.type !== 'tool-call') throw new Error('expected a call')
    expect(splitThoughtCallId(call.id)).toEqual({ id: 'x', signature: 'c2ln' })
  })

  it.each([
    [{ output: 'x' }, 'x', false],
    [{ result: { a: 1 } }, '{"a":1}', false],
    [{ error: 'bad' }, 'bad', true],
    [{ temperature: 5, unit: 'C' }, '{"temperature":5,"unit":"C"}', false],
    [{ other: 1 }, '{"other":1}', false],
    [{}, '{}', false],
  ])('read the response %j', (response, text, isError) => {
    expect(partsOf([{ functionResponse: { name: 'f', response } }])).toMatchObject([
      { type: 'tool-result', parts: [{ type: 'text', text }], isError },
    ])
  })

  it('match results to calls by id, else by name and order', () => {
    const call = (name: string, id?: string) => ({ functionCall: { name, args: {}, ...(id && { id }) } })
    const result = (name: string, id?: string) => ({
      functionResponse: { name, response: {}, ...(id && { id }) },
    })
    const contents = [
      { role: 'model', parts: [call('f'), call('g', 'own'), call('f')] },
      { role: 'user', parts: [result('g', 'own'), result('f'), result('f'), result('stray')] },
    ]
    const [calls, results] = parse({ contents }).messages.map(({ parts }) =>
      parts.map((part) =>
        part.type === 'tool-call' ? part.id : part.type === 'tool-result' && part.toolCallId,
      ),
    )
    expect(new Set(calls).size).toBe(3)
    expect(results?.slice(0, 3)).toEqual([calls?.[1], calls?.[0], calls?.[2]])
    expect(calls).not.toContain(results?.[3])
    expect(parse({ contents })).toEqual(parse({ contents }))
  })
})

describe('its tools', () => {
  const parameters = { type: 'OBJECT', properties: { n: { type: 'INTEGER', minItems: '2' } } }
  const tools = [
    { functionDeclarations: [{ name: 'a', description: 'A', parameters }] },
    { function_declarations: [{ name: 'b', parametersJsonSchema: { type: 'object' } }], googleSearch: {} },
    { codeExecution: {} },
  ]

  it('are functions with a JSON schema, and the provider’s own', () => {
    const schema = { type: 'object', properties: { n: { type: 'integer', minItems: 2 } } }
    const shared = { type: 'function', strict: null }
    expect(parse({ tools }).tools).toEqual([
      { ...shared, name: 'a', description: 'A', parameters: schema },
      { ...shared, name: 'b', description: null, parameters: { type: 'object' } },
      { type: 'provider', name: 'googleSearch', value: { type: 'web_search', googleSearch: {} } },
      { type: 'provider', name: 'codeExecution', value: { type: 'codeExecution', codeExecution: {} } },
    ])
  })

  it.each([
    [{ mode: 'ANY' }, { type: 'required' }, 4],
    [{ mode: 'NONE' }, { type: 'none' }, 4],
    [{ mode: 'VALIDATED' }, { type: 'auto' }, 4],
    [{ mode: 'ANY', allowedFunctionNames: ['a'] }, { type: 'tool', name: 'a' }, 4],
    [{ mode: 'any', allowed_function_names: ['a', 'b'] }, { type: 'required' }, 2],
    [{}, null, 4],
  ])('are chosen by %j', (functionCallingConfig, toolChoice, count) => {
    const request = parse({ tools, toolConfig: { functionCallingConfig } })
    expect(request.toolChoice).toEqual(toolChoice)
    expect(request.tools).toHaveLength(count)
  })

  it.each([
    [{ thinkingBudget: 0 }, { effort: 'none', budgetTokens: null }],
    [{ thinkingBudget: -1 }, { effort: 'medium', budgetTokens: null }],
    [{ thinkingBudget: 24_576 }, { effort: 'high', budgetTokens: 24_576 }],
    [{ thinkingLevel: 'LOW' }, { effort: 'low', budgetTokens: null }],
    [{ thinkingLevel: 'THINKING_LEVEL_UNSPECIFIED' }, null],
    [{ includeThoughts: true }, null],
  ])('think by %j', (thinkingConfig, reasoning) => {
    expect(parse({ generationConfig: { thinkingConfig } }).reasoning).toEqual(reasoning)
  })
})

import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { formatGeminiStream, geminiPiece } from '../harness/gemini-wire.ts'
import { answerTruly, respond, respondStream } from '../harness/steps.ts'
import { startTestbed, type Testbed } from './testbed.ts'
import { weatherParameters } from './weather.ts'

let testbed: Testbed
let client: OpenAI

beforeAll(async () => {
  testbed = await startTestbed()
  client = new OpenAI({ baseURL: testbed.baseURL, apiKey: testbed.apiKey, maxRetries: 0 })
})
afterEach(() => testbed.upstream.reset())
afterAll(() => testbed?.stop())

const model = 'gemini-thinker'
const upstreamModel = 'gemini-3-pro-preview'
const hello: ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hello' }]
const tools: ChatCompletionTool[] = [
  { type: 'function', function: { name: 'get_weather', parameters: weatherParameters } },
]
const usage = { promptTokenCount: 10, candidatesTokenCount: 3, thoughtsTokenCount: 4, totalTokenCount: 17 }
const thought = { text: 'Which city?', thought: true }
const signedCall = {
  functionCall: { name: 'get_weather', args: { city: 'Paris' } },
  thoughtSignature: 'c2ln+/bmVk==',
}
const sent = (index: number) => testbed.upstream.requestsFor(upstreamModel)[index]?.json

describe('the OpenAI SDK with a model that signs its calls', () => {
  const streamed = respondStream(
    formatGeminiStream([geminiPiece([thought]), geminiPiece([signedCall], 'STOP', usage)]),
  )
  const whole = respond(200, geminiPiece([thought, signedCall], 'STOP', usage))

  it.each([
    ['whole', 'everything'],
    ['whole', 'ids'],
    ['streamed', 'everything'],
    ['streamed', 'ids'],
  ])('gives the signature back, %s, by a client that keeps %s', async (form, kept) => {
    testbed.upstream.script(upstreamModel, form === 'whole' ? whole : streamed, answerTruly())
    const message =
      form === 'whole'
        ? (await client.chat.completions.create({ model, messages: hello, tools })).choices[0]?.message
        : await client.chat.completions.stream({ model, messages: hello, tools }).finalMessage()
    const [call] = message?.tool_calls ?? []
    if (message === undefined || call?.type !== 'function') throw new Error('expected a call')
    expect(message).toMatchObject({ reasoning_content: 'Which city?' })
    const bare = {
      id: call.id,
      type: call.type,
      function: { name: call.function.name, arguments: call.function.arguments },
    }
    const turn: ChatCompletionMessageParam =
      kept === 'ids' ? { role: 'assistant', content: null, tool_calls: [bare] } : message
    await client.chat.completions.create({
      model,
      messages: [...hello, turn, { role: 'tool', tool_call_id: call.id, content: 'sunny' }],
      tools,
    })
    expect(sent(1)?.['contents']).toEqual([
      { role: 'user', parts: [{ text: 'Hello' }] },
      {
        role: 'model',
        parts: [
          {
            functionCall: {
              id: expect.not.stringContaining('thought'),
              name: 'get_weather',
              args: { city: 'Paris' },
            },
            thoughtSignature: 'c2ln+/bmVk==',
          },
        ],
      },
      {
        role: 'user',
        parts: [
          {
            functionResponse: { id: expect.any(String), name: 'get_weather', response: { result: 'sunny' } },
          },
        ],
      },
    ])
  })

  it('shows the signature where LiteLLM’s clients look for it', async () => {
    testbed.upstream.script(upstreamModel, whole)
    const answer = await client.chat.completions.create({ model, messages: hello, tools })
    expect(answer.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      id: expect.stringContaining('__thought__'),
      provider_specific_fields: { thought_signature: 'c2ln+/bmVk==' },
    })
    expect(answer.usage).toMatchObject({
      prompt_tokens: 10,
      completion_tokens: 7,
      completion_tokens_details: { reasoning_tokens: 4 },
    })
  })

  it('gets by without a signature', async () => {
    const call = {
      id: 'call_1',
      type: 'function',
      function: { name: 'get_weather', arguments: '{}' },
    } as const
    await client.chat.completions.create({
      model,
      messages: [
        ...hello,
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
      ],
      tools,
    })
    expect(JSON.stringify(sent(0))).toContain('"thoughtSignature":"skip_thought_signature_validator"')
  })

  it('can take the history to a provider that knows nothing of signatures', async () => {
    testbed.upstream.script(upstreamModel, whole)
    const { choices } = await client.chat.completions.create({ model, messages: hello, tools })
    const message = choices[0]?.message
    if (message === undefined) throw new Error('expected a message')
    const id = message.tool_calls?.[0]?.id ?? ''
    const messages: ChatCompletionMessageParam[] = [
      ...hello,
      message,
      { role: 'tool', tool_call_id: id, content: 'sunny' },
    ]
    await client.chat.completions.create({ model: 'claude', messages, tools })
    const asked = JSON.stringify(testbed.upstream.requestsFor('claude-sonnet-4-5')[0]?.json)
    expect(asked).not.toContain('__thought__')
    expect(asked).toContain(`"tool_use_id":"${id.split('__thought__')[0]}"`)
  })
})

describe('the Anthropic SDK with a model that signs', () => {
  it.each([false, true])('gives the signatures of calls and of thinking back, stream %s', async (stream) => {
    const signedThought = { ...thought, thoughtSignature: 'dGhvdWdodA==' }
    const answer = geminiPiece([signedThought, signedCall], 'STOP', usage)
    const step = stream ? respondStream(formatGeminiStream([answer])) : respond(200, answer)
    testbed.upstream.script(upstreamModel, step, answerTruly())
    const anthropic = new Anthropic({ baseURL: testbed.gateway.url, apiKey: testbed.apiKey, maxRetries: 0 })
    const question = { role: 'user', content: 'Hello' } as const
    const ask = {
      model,
      max_tokens: 100,
      tools: [{ name: 'get_weather', input_schema: { ...weatherParameters, type: 'object' as const } }],
    }
    const first = { ...ask, messages: [question] }
    const { content } = stream
      ? await anthropic.messages.stream(first).finalMessage()
      : await anthropic.messages.create(first)
    const use = content.find((block) => block.type === 'tool_use')
    expect(content[0]).toMatchObject({ type: 'thinking', thinking: 'Which city?' })
    const result = { type: 'tool_result', tool_use_id: use?.id ?? '', content: 'sunny' } as const
    await anthropic.messages.create({
      ...ask,
      messages: [question, { role: 'assistant', content }, { role: 'user', content: [result] }],
    })
    expect(sent(1)?.['contents']).toMatchObject([
      { role: 'user' },
      {
        role: 'model',
        parts: [
          { text: 'Which city?', thought: true, thoughtSignature: 'dGhvdWdodA==' },
          { functionCall: { name: 'get_weather' }, thoughtSignature: 'c2ln+/bmVk==' },
        ],
      },
      { role: 'user', parts: [{ functionResponse: { response: { result: 'sunny' } } }] },
    ])
  })
})

describe('the OpenAI SDK with Gemini', () => {
  it('gets embeddings, in base64 unless it says otherwise', async () => {
    const input = ['one', 'two']
    const { data } = await client.embeddings.create({ model: 'gemini-embedder', input, dimensions: 3 })
    expect(data.map(({ embedding }) => embedding)).toEqual([
      [0.5, -0.25, 0.125],
      [1.5, -0.25, 0.125],
    ])
    expect(testbed.upstream.requests[0]).toMatchObject({
      path: '/v1beta/models/gemini-embedding-001:batchEmbedContents',
      json: { requests: [{ outputDimensionality: 3, content: { parts: [{ text: 'one' }] } }, {}] },
    })
  })

  const png = 'iVBORw0KGgoAAAANSUhEUg=='

  it('sends images, settings and a schema', async () => {
    await client.chat.completions.create({
      model: 'gemini',
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
          ],
        },
      ],
      max_completion_tokens: 50,
      temperature: 0.2,
      stop: 'END',
      reasoning_effort: 'low',
      response_format: { type: 'json_schema', json_schema: { name: 'r', schema: weatherParameters } },
    })
    expect(testbed.upstream.requests[0]).toMatchObject({
      path: '/v1beta/models/gemini-2.5-flash:generateContent',
      headers: { 'x-goog-api-key': 'sk-upstream' },
      json: {
        systemInstruction: { parts: [{ text: 'Be brief.' }] },
        contents: [
          {
            role: 'user',
            parts: [{ text: 'What is this?' }, { inlineData: { mimeType: 'image/png', data: png } }],
          },
        ],
        generationConfig: {
          maxOutputTokens: 50,
          temperature: 0.2,
          stopSequences: ['END'],
          responseMimeType: 'application/json',
          responseJsonSchema: weatherParameters,
          thinkingConfig: { includeThoughts: true },
        },
      },
    })
  })

  it('gets images and sources', async () => {
    const groundingMetadata = {
      groundingChunks: [{ web: { uri: 'https://e.org', title: 'E' } }],
      groundingSupports: [{ segment: { text: 'Here.' }, groundingChunkIndices: [0] }],
      webSearchQueries: ['x'],
    }
    const piece = geminiPiece(
      [{ text: 'Here.' }, { inlineData: { mimeType: 'image/png', data: png } }],
      'STOP',
      usage,
    )
    const [candidate] = (piece as { candidates: object[] }).candidates
    testbed.upstream.script(
      'gemini-2.5-flash',
      respond(200, { ...piece, candidates: [{ ...candidate, groundingMetadata }] }),
    )
    const answer = await client.chat.completions.create({
      model: 'gemini',
      messages: hello,
      web_search_options: {},
    })
    expect(testbed.upstream.requests[0]?.json['tools']).toEqual([{ googleSearch: {} }])
    expect(answer.choices[0]?.message).toMatchObject({
      content: 'Here.',
      images: [{ image_url: { url: `data:image/png;base64,${png}` } }],
      annotations: [{ type: 'url_citation', url_citation: { url: 'https://e.org', title: 'E' } }],
      provider_specific_fields: { groundingMetadata },
    })
  })

  it.each([false, true])('throws BadRequestError for a blocked prompt, stream %s', async (stream) => {
    const blocked = { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 5 } }
    testbed.upstream.script(
      'gemini-2.5-flash',
      stream ? respondStream(formatGeminiStream([blocked])) : respond(200, blocked),
    )
    const error = await client.chat.completions
      .create({ model: 'gemini', messages: hello, stream })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(OpenAI.BadRequestError)
    expect(error).toMatchObject({ code: 'content_filter' })
  })
})

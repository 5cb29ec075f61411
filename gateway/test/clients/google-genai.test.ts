import { ApiError, type Content, FunctionCallingConfigMode, GoogleGenAI } from '@google/genai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { answerTruly, cutAfter, drip, hangAfter, respond } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { chatUpstreams, startTestbed, type Testbed } from './testbed.ts'
import { beginningOfStream, errorBody } from './upstream-words.ts'
import { finalAnswer, question, weatherCalls, weatherIn, weatherParameters } from './weather.ts'

let testbed: Testbed

beforeAll(async () => {
  testbed = await startTestbed()
})
afterEach(() => testbed.upstream.reset())
afterAll(() => testbed?.stop())

const clientFor = (apiVersion: string, apiKey = testbed.apiKey): GoogleGenAI =>
  new GoogleGenAI({ apiKey, httpOptions: { baseUrl: testbed.gateway.url, apiVersion } })

const errorOf = async (promise: Promise<unknown>): Promise<ApiError> => {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ApiError)) throw new Error(`expected an ApiError, got ${String(error)}`)
  return error
}

const tools = [{ functionDeclarations: [{ name: 'get_weather', parametersJsonSchema: weatherParameters }] }]

// Version 3 of the SDK calls `/v1`, the older ones `/v1beta`.
const cases = chatUpstreams.flatMap((target) => ['v1beta', 'v1'].map((version) => ({ ...target, version })))

describe.each(cases)('@google/genai against the $wire wire at /$version', (target) => {
  const { wire, model, upstreamModel, version } = target
  const ai = (apiKey?: string) => clientFor(version, apiKey)

  it('gets a whole answer', async () => {
    const answer = await ai().models.generateContent({ model, contents: 'Hello' })
    expect(answer.text).toBe('Hello from the upstream.')
    expect(answer.candidates?.[0]?.finishReason).toBe('STOP')
    expect(answer.usageMetadata).toMatchObject({
      promptTokenCount: 11,
      candidatesTokenCount: 7,
      totalTokenCount: 18,
    })
    expect(answer.responseId).toBeTruthy()
  })

  it('gets a stream', async () => {
    const pieces: string[] = []
    let usage: unknown
    for await (const piece of await ai().models.generateContentStream({ model, contents: 'Hello' })) {
      if (piece.text !== undefined && piece.text !== '') pieces.push(piece.text)
      usage = piece.usageMetadata ?? usage
    }
    expect(pieces).toEqual(['Hello ', 'from ', 'the ', 'upstream.'])
    expect(usage).toMatchObject({ promptTokenCount: 11, candidatesTokenCount: 7 })
  })

  it('gets the same stream in bytes of three', async () => {
    testbed.upstream.script(upstreamModel, drip(3, 0))
    let text = ''
    for await (const piece of await ai().models.generateContentStream({ model, contents: 'Hello' }))
      text += piece.text ?? ''
    expect(text).toBe('Hello from the upstream.')
  })

  it.each([false, true])('calls one tool twice and gives both results back, stream %s', async (stream) => {
    testbed.upstream.script(
      upstreamModel,
      answerTruly({ toolCalls: weatherCalls }),
      answerTruly({ content: finalAnswer }),
    )
    const chat = ai().chats.create({ model, config: { tools } })
    const parts = []
    if (stream) {
      for await (const piece of await chat.sendMessageStream({ message: question }))
        parts.push(...(piece.functionCalls ?? []))
    } else parts.push(...((await chat.sendMessage({ message: question })).functionCalls ?? []))
    expect(parts).toMatchObject([
      { name: 'get_weather', args: { city: 'Paris' } },
      { name: 'get_weather', args: { city: 'Rome' } },
    ])
    const message = parts.map(({ id, name = '', args }) => ({
      functionResponse: {
        ...(id === undefined ? {} : { id }),
        name,
        response: { output: weatherIn(String(args?.['city'])) },
      },
    }))
    expect((await chat.sendMessage({ message })).text).toBe(finalAnswer)
    const sent = JSON.stringify(testbed.upstream.requestsFor(upstreamModel)[1]?.json)
    expect(sent).toContain('Paris: sunny')
    expect(sent).toContain('Rome: sunny')
  })

  it('is told that its key is wrong', async () => {
    const error = await errorOf(ai('sk-wrong').models.generateContent({ model, contents: 'Hello' }))
    expect(error.status).toBe(401)
    expect(JSON.parse(error.message)).toMatchObject({ error: { code: 401, status: 'UNAUTHENTICATED' } })
    expect(testbed.upstream.requests).toEqual([])
  })

  it('is told that there is no such model', async () => {
    const error = await errorOf(ai().models.generateContent({ model: 'none', contents: 'Hello' }))
    expect(error.status).toBe(404)
    expect(JSON.parse(error.message)).toMatchObject({ error: { code: 404, status: 'NOT_FOUND' } })
  })

  it('is told of a limit', async () => {
    testbed.upstream.script(upstreamModel, respond(429, errorBody(wire, 'rate_limit_error', 'Too many.')))
    const error = await errorOf(ai().models.generateContent({ model, contents: 'Hello' }))
    expect(error.status).toBe(429)
    expect(error.message).toContain('Too many.')
  })

  it('throws out of a stream that breaks off', async () => {
    testbed.upstream.script(upstreamModel, cutAfter(beginningOfStream(wire)))
    let text = ''
    const read = async (): Promise<void> => {
      for await (const piece of await ai().models.generateContentStream({ model, contents: 'Hello' }))
        text += piece.text ?? ''
    }
    await expect(read()).rejects.toThrow()
    expect(text).toMatch(/^Hello /)
  })

  it('closes the upstream connection when it aborts within a stream', async () => {
    testbed.upstream.script(upstreamModel, hangAfter(beginningOfStream(wire)))
    const abort = new AbortController()
    const stream = await ai().models.generateContentStream({
      model,
      contents: 'Hello',
      config: { abortSignal: abort.signal },
    })
    await stream.next()
    abort.abort()
    await stream.next().catch(() => {})
    await waitUntil('the upstream connection is closed', () => testbed.upstream.pendingRequests === 0, 1000)
  })

  it('counts tokens', async () => {
    testbed.upstream.script(upstreamModel, respond(200, { totalTokens: 7 }))
    const { totalTokens } = await ai().models.countTokens({ model, contents: 'Hello, how are you today?' })
    if (wire === 'Gemini') expect(totalTokens).toBe(7)
    expect(totalTokens).toBeGreaterThan(3)
    expect(totalTokens).toBeLessThan(30)
    const asked = testbed.upstream.requests.map(({ path }) => path)
    expect(asked).toEqual(wire === 'Gemini' ? [`/v1beta/models/${upstreamModel}:countTokens`] : [])
  })
})

describe.each(['embedder', 'gemini-embedder'])('@google/genai with %s', (model) => {
  it.each(['v1beta', 'v1'])('gets embeddings at /%s', async (version) => {
    const { embeddings } = await clientFor(version).models.embedContent({ model, contents: ['one', 'two'] })
    expect(embeddings?.map(({ values }) => values)).toEqual([
      [0.5, -0.25, 0.125],
      [1.5, -0.25, 0.125],
    ])
  })
})

describe('@google/genai and what it sends to another wire', () => {
  const ai = () => clientFor('v1beta')
  const png = 'iVBORw0KGgoAAAANSUhEUg=='
  const contents: Content[] = [
    {
      role: 'user',
      parts: [{ text: 'What is this?' }, { inlineData: { mimeType: 'image/png', data: png } }],
    },
  ]

  it('reaches OpenAI with images, settings and a schema', async () => {
    await ai().models.generateContent({
      model: 'gpt',
      contents,
      config: {
        systemInstruction: 'Be brief.',
        temperature: 0.5,
        topP: 0.9,
        maxOutputTokens: 50,
        stopSequences: ['END'],
        seed: 7,
        responseMimeType: 'application/json',
        responseJsonSchema: weatherParameters,
        tools,
        toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } },
      },
    })
    expect(testbed.upstream.requests[0]?.json).toMatchObject({
      model: 'gpt-4o-mini',
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
      temperature: 0.5,
      top_p: 0.9,
      stop: ['END'],
      seed: 7,
      response_format: { type: 'json_schema', json_schema: { schema: weatherParameters } },
      tools: [{ type: 'function', function: { name: 'get_weather', parameters: weatherParameters } }],
      tool_choice: 'required',
    })
  })

  it('keeps parallel calls of one name apart when the client sends no ids', async () => {
    const call = (city: string) => ({ functionCall: { name: 'get_weather', args: { city } } })
    const result = (city: string) => ({
      functionResponse: { name: 'get_weather', response: { output: weatherIn(city) } },
    })
    await ai().models.generateContent({
      model: 'claude',
      contents: [
        { role: 'user', parts: [{ text: question }] },
        { role: 'model', parts: [call('Paris'), call('Rome')] },
        { role: 'user', parts: [result('Paris'), result('Rome')] },
      ],
      config: { tools, topK: 5 },
    })
    const sent = testbed.upstream.requests[0]?.json ?? {}
    const messages = sent['messages'] as { content: Record<string, unknown>[] }[]
    const [, calls, results] = messages
    expect(sent['top_k']).toBe(5)
    expect(new Set(calls?.content.map((block) => block['id'])).size).toBe(2)
    const answered = results?.content.map((block) => block['tool_use_id'])
    expect(answered).toEqual(calls?.content.map((block) => block['id']))
    expect(JSON.stringify(results?.content[1])).toContain('Rome: sunny')
  })
})

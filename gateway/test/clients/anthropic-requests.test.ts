import type Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { ReceivedRequest } from '../harness/received-request.ts'
import { answerTruly } from '../harness/steps.ts'
import { answerMessage, messageOf } from './anthropic-answer.ts'
import { startTestbed, type Testbed } from './testbed.ts'
import { question, weatherCalls, weatherIn, weatherParameters } from './weather.ts'

// What goes upstream is compared whole with bodies that the provider's own types accept.
type Body = Anthropic.MessageCreateParamsNonStreaming
type BetaBody = Anthropic.Beta.MessageCreateParamsNonStreaming

let testbed: Testbed
let client: OpenAI

beforeAll(async () => {
  testbed = await startTestbed()
  client = new OpenAI({ baseURL: testbed.baseURL, apiKey: testbed.apiKey, maxRetries: 0 })
})
afterEach(() => testbed.upstream.reset())
afterAll(() => testbed?.stop())

const claude = 'claude-sonnet-4-5'
const hello: Anthropic.MessageParam = { role: 'user', content: [{ type: 'text', text: 'Hello' }] }

function lastRequest(): ReceivedRequest {
  const request = testbed.upstream.requests.at(-1)
  if (request === undefined) throw new Error('nothing went upstream')
  return request
}

/** Any member, for parameters of the gateway or the provider that the OpenAI types do not know. */
function create(body: object): Promise<OpenAI.ChatCompletion> {
  return client.chat.completions.create({
    model: 'claude',
    ...body,
  } as OpenAI.ChatCompletionCreateParamsNonStreaming)
}

describe('what Anthropic is sent', () => {
  it('is a message with its version and key, and nothing of the client', async () => {
    await create({
      messages: [
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: 'Hello' },
      ],
      max_tokens: 50,
      temperature: 1.7,
      top_p: 0.9,
      stop: ['END'],
      user: 'user-17',
    })
    expect(lastRequest().json).toEqual({
      model: claude,
      max_tokens: 50,
      system: [{ type: 'text', text: 'Be short.' }],
      messages: [hello],
      temperature: 1,
      top_p: 0.9,
      stop_sequences: ['END'],
      metadata: { user_id: 'user-17' },
    } satisfies Body)
    const { headers, path } = lastRequest()
    expect(path).toBe('/v1/messages')
    expect(headers).toMatchObject({ 'x-api-key': 'sk-upstream', 'anthropic-version': '2023-06-01' })
    expect(headers['authorization']).toBeUndefined()
    expect(JSON.stringify(headers)).not.toContain(testbed.apiKey)
    expect(Object.keys(headers).filter((name) => name.startsWith('x-stainless'))).toEqual([])
  })

  it('is a tool loop: two calls, then both results in one turn before the text', async () => {
    const calls = weatherCalls.map(({ id, name, arguments: text }) => ({
      id,
      type: 'function',
      function: { name, arguments: text },
    }))
    const tool = {
      name: 'get_weather',
      description: 'The weather.',
      parameters: weatherParameters,
      strict: true,
    }
    await create({
      messages: [
        { role: 'user', content: question },
        { role: 'assistant', content: 'I look.', tool_calls: calls },
        { role: 'tool', tool_call_id: 'toolu_paris', content: weatherIn('Paris') },
        { role: 'tool', tool_call_id: 'toolu_rome', content: weatherIn('Rome') },
        { role: 'user', content: 'And?' },
      ],
      tools: [{ type: 'function', function: tool }],
      tool_choice: 'required',
      parallel_tool_calls: false,
      max_completion_tokens: 99,
    })
    expect(lastRequest().json).toEqual({
      model: claude,
      max_tokens: 99,
      messages: [
        { role: 'user', content: [{ type: 'text', text: question }] },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'I look.' },
            { type: 'tool_use', id: 'toolu_paris', name: 'get_weather', input: { city: 'Paris' } },
            { type: 'tool_use', id: 'toolu_rome', name: 'get_weather', input: { city: 'Rome' } },
          ],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 'toolu_paris',
              content: [{ type: 'text', text: 'Paris: sunny' }],
            },
            {
              type: 'tool_result',
              tool_use_id: 'toolu_rome',
              content: [{ type: 'text', text: 'Rome: sunny' }],
            },
            { type: 'text', text: 'And?' },
          ],
        },
      ],
      tools: [
        {
          name: 'get_weather',
          description: 'The weather.',
          input_schema: { ...weatherParameters, type: 'object' },
          strict: true,
        },
      ],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
    } satisfies Body)
  })

  const png =
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  const pdf = Buffer.from('%PDF-1.4\n%%EOF').toString('base64')

  it('is images and documents', async () => {
    const file = { filename: 'note.pdf', file_data: `data:application/pdf;base64,${pdf}` }
    await create({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Hello' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${png}`, detail: 'low' } },
            // The bytes are a PNG whatever the label says, and the provider looks at the bytes.
            { type: 'image_url', image_url: { url: `data:image/jpeg;base64,${png}` } },
            { type: 'image_url', image_url: { url: 'https://example.com/cat.jpg' } },
            { type: 'file', file },
          ],
        },
      ],
      max_tokens: 5,
    })
    const image: Anthropic.ImageBlockParam = {
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: png },
    }
    expect(lastRequest().json).toEqual({
      model: claude,
      max_tokens: 5,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Hello' },
            image,
            image,
            { type: 'image', source: { type: 'url', url: 'https://example.com/cat.jpg' } },
            {
              type: 'document',
              source: { type: 'base64', media_type: 'application/pdf', data: pdf },
              title: 'note.pdf',
            },
          ],
        },
      ],
    } satisfies Body)
  })

  it('is an uploaded file with the beta it needs', async () => {
    const content = [{ type: 'file', file: { file_id: 'file_011CN' } }]
    await create({ messages: [{ role: 'user', content }], max_tokens: 5 })
    expect(lastRequest().json).toEqual({
      model: claude,
      max_tokens: 5,
      messages: [
        { role: 'user', content: [{ type: 'document', source: { type: 'file', file_id: 'file_011CN' } }] },
      ],
    } satisfies BetaBody)
    expect(lastRequest().headers['anthropic-beta']).toBe('files-api-2025-04-14')
  })

  it('is prompt-cache marks where the client put them', async () => {
    const cache_control = { type: 'ephemeral', ttl: '1h' } as const
    await create({
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'A long book.', cache_control }] },
        { role: 'user', content: [{ type: 'text', text: 'Hello', cache_control }] },
      ],
      tools: [
        { type: 'function', function: { name: 'get_weather', parameters: weatherParameters }, cache_control },
      ],
      max_tokens: 5,
    })
    expect(lastRequest().json).toEqual({
      model: claude,
      max_tokens: 5,
      system: [{ type: 'text', text: 'A long book.', cache_control }],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello', cache_control }] }],
      tools: [{ name: 'get_weather', input_schema: { ...weatherParameters, type: 'object' }, cache_control }],
    } satisfies Body)
  })

  it.each([
    [
      'claude',
      { reasoning_effort: 'medium', max_tokens: 3000, temperature: 0.2 },
      { model: claude, max_tokens: 3000, thinking: { type: 'enabled', budget_tokens: 2048 } },
    ],
    [
      'claude-adaptive',
      { reasoning_effort: 'high', max_tokens: 10 },
      {
        model: 'claude-opus-4-6',
        max_tokens: 10,
        thinking: { type: 'adaptive' },
        output_config: { effort: 'high' },
      },
    ],
    [
      'claude',
      { thinking: { type: 'enabled', budget_tokens: 1500 }, max_tokens: 2000 },
      { model: claude, max_tokens: 2000, thinking: { type: 'enabled', budget_tokens: 1500 } },
    ],
  ] satisfies [string, object, Omit<Body, 'messages'>][])(
    'is thinking: %s %j',
    async (model, asked, sent) => {
      await create({ model, messages: [{ role: 'user', content: 'Hello' }], ...asked })
      expect(lastRequest().json).toEqual({ ...sent, messages: [hello] } satisfies Body)
    },
  )

  const Place = z.strictObject({ city: z.string() })
  const asPlace = { response_format: zodResponseFormat(Place, 'place'), max_tokens: 5 }
  const schema: { type: 'object' } & Record<string, unknown> = {
    ...z.toJSONSchema(Place, { target: 'draft-7' }),
    type: 'object',
  }

  it('is a JSON schema for a model that takes one', async () => {
    testbed.upstream.script(claude, answerTruly({ content: '{"city":"Paris"}' }))
    await create({ messages: [{ role: 'user', content: 'Hello' }], ...asPlace })
    expect(lastRequest().json).toEqual({
      model: claude,
      max_tokens: 5,
      messages: [hello],
      output_config: { format: { type: 'json_schema', schema } },
    } satisfies Body)
  })

  it('is a forced tool for a model that takes no JSON schema, and the answer reads like text', async () => {
    const older = 'claude-3-5-haiku-latest'
    const input = { city: 'Paris' }
    testbed.upstream.script(
      older,
      answerMessage(
        messageOf([
          { type: 'tool_use', id: 'toolu_1', name: 'json_tool_call', input, caller: { type: 'direct' } },
        ]),
      ),
    )
    const body = {
      model: 'claude-older',
      messages: [{ role: 'user' as const, content: 'Hello' }],
      ...asPlace,
    }
    const whole = await client.chat.completions.parse(body)
    const { stream, ...streamed } = lastRequest().json
    expect(stream).toBeUndefined()
    expect(streamed).toEqual({
      model: older,
      max_tokens: 5,
      messages: [hello],
      tools: [{ name: 'json_tool_call', description: expect.any(String), input_schema: schema }],
      tool_choice: { type: 'tool', name: 'json_tool_call' },
    } satisfies Body)
    const [choice] = whole.choices
    expect(choice?.finish_reason).toBe('stop')
    expect(choice?.message.parsed).toEqual(input)
    expect(choice?.message.tool_calls).toBeUndefined()
    const collected = await client.chat.completions.stream(body).finalChatCompletion()
    expect(collected.choices[0]?.message.parsed).toEqual(input)
    expect(collected.choices[0]?.finish_reason).toBe('stop')
  })
})

import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { compatibleVendors } from '../../src/providers/compatible-vendors.ts'
import { type Answer, call } from '../harness/call-gateway.ts'
import { chatChunks, chatCompletion, formatOpenaiStream } from '../harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'
import { answerTruly, respond, respondStream } from '../harness/steps.ts'

const hello = [{ role: 'user' as const, content: 'Hello' }]
const withoutKey = new Set(['hosted_vllm', 'lm_studio', 'custom_openai'])
const keyOf = (id: string) => `key-of-${id}`
/** `cloudflare_account_id` is the only account that is part of an address. */
const basePathOf = (url: string | null) =>
  (url === null ? '/v1' : decodeURIComponent(new URL(url).pathname)).replace(
    '{cloudflare_account_id}',
    'my-account',
  )

const rows = compatibleVendors.map((vendor) => ({
  id: vendor.id,
  vendor,
  basePath: basePathOf(vendor.defaultBaseUrl).replace(/\/$/, ''),
  upstreamModel: `${vendor.quirks.modelPrefix ?? ''}${vendor.id}-model`,
}))

let upstream: ScriptedUpstream
let gateway: Gateway
let client: OpenAI

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const env: Record<string, string> = { CLOUDFLARE_ACCOUNT_ID: 'my-account' }
  for (const { id, vendor } of rows) {
    const [variable] = vendor.keyVariables
    if (variable !== undefined && !withoutKey.has(id) && id !== 'vllm') env[variable] = keyOf(id)
  }
  gateway = await startGateway({
    config: {
      model_list: rows.map(({ id, basePath }) => ({
        model_name: id,
        litellm_params: { model: `${id}/${id}-model`, api_base: upstream.origin + basePath },
      })),
      router_settings: { num_retries: 0, disable_cooldowns: true },
    },
    env,
  })
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.masterKey, maxRetries: 0 })
})
afterEach(() => upstream.reset())
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

const post = (
  body: object,
  headers: Record<string, string> = {},
  path = '/v1/chat/completions',
): Promise<Answer> => call(gateway.url, path, { key: gateway.masterKey, body, headers })
const lastBody = () => upstream.requests.at(-1)?.json ?? {}

describe.each(rows)('$id', ({ id, vendor, basePath, upstreamModel }) => {
  it('answers a chat and a stream at its address, with its key', async () => {
    const completion = await client.chat.completions.create({ model: id, messages: hello })
    expect(completion).toMatchObject({
      model: id,
      choices: [{ message: { content: 'Hello from the upstream.' }, finish_reason: 'stop' }],
      usage: { total_tokens: 18 },
    })
    const stream = client.chat.completions.stream({
      model: id,
      messages: hello,
      stream_options: { include_usage: true },
    })
    const streamed = await stream.finalChatCompletion()
    expect(streamed.choices[0]?.message.content).toBe('Hello from the upstream.')
    if (vendor.quirks.supportsStreamUsage !== false)
      expect(streamed.usage).toMatchObject({ total_tokens: 18 })
    const authorization = withoutKey.has(id) || id === 'vllm' ? undefined : `Bearer ${keyOf(id)}`
    for (const { path, headers, json } of upstream.requests) {
      expect(path).toBe(`${basePath}/chat/completions`)
      expect(headers['authorization']).toBe(authorization)
      expect(json['model']).toBe(upstreamModel)
    }
    expect(upstream.requests).toHaveLength(2)
  })

  it('gets limits and roles as it knows them', async () => {
    const messages = [{ role: 'developer', content: 'Be brief' }, ...hello]
    await post({ model: id, messages, max_completion_tokens: 5 })
    const { maxTokensField, supportsDeveloperRole } = vendor.quirks
    expect(lastBody()[maxTokensField ?? 'max_completion_tokens']).toBe(5)
    expect(lastBody()['messages']).toMatchObject([
      { role: supportsDeveloperRole === false ? 'system' : 'developer' },
      { role: 'user' },
    ])
  })

  it.each((vendor.quirks.unsupportedParams ?? []).map((name) => [name]))('refuses %s', async (name) => {
    const answer = await post({ model: id, messages: hello, [name]: name === 'user' ? 'u' : 5 })
    expect(answer.status).toBe(400)
    expect(answer.json()).toMatchObject({ error: { param: name, type: expect.stringContaining('') } })
    expect(upstream.requests).toEqual([])
  })
})

describe('what is peculiar to one vendor', () => {
  it('groq: usage in x_groq is usage', async () => {
    const [first, ...rest] = chatChunks()
    const last = {
      ...rest.at(-1),
      x_groq: { usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } },
    }
    upstream.script(
      'groq-model',
      respondStream(formatOpenaiStream([first ?? {}, ...rest.slice(0, -1), last])),
    )
    const stream = client.chat.completions.stream({
      model: 'groq',
      messages: hello,
      stream_options: { include_usage: true },
    })
    expect((await stream.finalChatCompletion()).usage).toMatchObject({ total_tokens: 7 })
  })

  it('deepseek: cache hits are cached tokens, reasoning survives and goes back', async () => {
    const usage = {
      prompt_tokens: 20,
      completion_tokens: 4,
      prompt_cache_hit_tokens: 16,
      prompt_cache_miss_tokens: 4,
    }
    const whole = chatCompletion() as { choices: { message: object }[] }
    const message = { ...whole.choices[0]?.message, reasoning_content: 'Hm.' }
    upstream.script(
      'deepseek-model',
      respond(200, { ...whole, choices: [{ index: 0, message, finish_reason: 'stop' }], usage }),
    )
    const question = { model: 'deepseek', max_tokens: 50, messages: hello }
    const answer = (await post(question, {}, '/v1/messages')).json()
    expect(answer.usage).toMatchObject({ input_tokens: 4, cache_read_input_tokens: 16, output_tokens: 4 })
    expect(answer.content).toMatchObject([{ type: 'thinking', thinking: 'Hm.' }, { type: 'text' }])
    const plain = (await post({ model: 'deepseek', messages: hello })).json()
    expect(plain.choices[0].message.reasoning_content).toBe('Hm.')
    expect(plain.usage).toEqual(usage)
  })

  it('perplexity: citations and search results survive, streamed too', async () => {
    const found = {
      citations: ['https://a.example'],
      search_results: [{ title: 'A', url: 'https://a.example' }],
    }
    upstream.script('perplexity-model', respond(200, { ...chatCompletion(), ...found }))
    expect((await post({ model: 'perplexity', messages: hello })).json()).toMatchObject(found)
    const chunks = chatChunks().map((chunk) => ({ ...chunk, ...found }))
    upstream.script('perplexity-model', respondStream(formatOpenaiStream(chunks)))
    const streamed = await post({ model: 'perplexity', messages: hello, stream: true })
    expect(streamed.text.split('"citations":["https://a.example"]')).toHaveLength(chunks.length + 1)
  })

  it('openrouter: comments and costs pass, unknown members go there', async () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3, cost: 0.0042 }
    const text = formatOpenaiStream([...chatChunks(), { id: 'c', choices: [], usage }])
    upstream.script(
      'openrouter-model',
      respondStream(`: OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n${text}`),
    )
    const options = { provider: { order: ['x'] }, models: ['a/b'], plugins: [{ id: 'web' }] }
    const body = {
      model: 'openrouter',
      messages: hello,
      stream: true,
      stream_options: { include_usage: true },
    }
    const streamed = await post({ ...body, ...options })
    expect(streamed.text).toContain('"cost":0.0042')
    expect(lastBody()).toMatchObject(options)
  })

  it('mistral: tool ids are nine characters on both sides of a result, and words are its own', async () => {
    const id = 'call_0123456789abcdef'
    const messages = [
      ...hello,
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: id, content: 'x' },
    ]
    const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }]
    await post({ model: 'mistral', messages, tools, tool_choice: 'required', seed: 3 })
    const sent = lastBody() as { messages: { tool_calls?: { id: string }[]; tool_call_id?: string }[] }
    expect(sent).toMatchObject({ tool_choice: 'any', random_seed: 3 })
    expect(sent).not.toHaveProperty('seed')
    expect(sent.messages[1]?.tool_calls?.[0]?.id).toMatch(/^[A-Za-z0-9]{9}$/)
    expect(sent.messages[2]?.tool_call_id).toBe(sent.messages[1]?.tool_calls?.[0]?.id)
  })

  it.each([false, true])('databricks: lists of parts become text and thinking, stream %s', async (stream) => {
    const content = [
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm.', signature: 's' }] },
      { type: 'text', text: 'Yes.' },
    ]
    const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' }
    upstream.script(
      'databricks-model',
      stream
        ? respondStream(
            formatOpenaiStream([
              {
                ...chunk,
                choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }],
              },
              { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
            ]),
          )
        : respond(200, {
            ...chunk,
            choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
            usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
          }),
    )
    const body = { model: 'databricks', messages: hello }
    const completion = stream
      ? await client.chat.completions.stream(body).finalChatCompletion()
      : await client.chat.completions.create(body)
    expect(completion.choices[0]?.message).toMatchObject({ content: 'Yes.', reasoning_content: 'Hm.' })
  })

  it('litellm_proxy: its headers go on, credentials do not', async () => {
    const headers = { 'x-litellm-tags': 'a,b', 'x-litellm-trace-id': 't' }
    await post({ model: 'litellm_proxy', messages: hello }, headers)
    expect(upstream.requests[0]?.headers).toMatchObject(headers)
    await call(gateway.url, '/v1/chat/completions', {
      headers: { ...headers, 'x-litellm-api-key': gateway.masterKey },
      body: { model: 'litellm_proxy', messages: hello },
    })
    expect(upstream.requests[1]?.headers).not.toHaveProperty('x-litellm-api-key')
    await post({ model: 'groq', messages: hello }, headers)
    expect(upstream.requests[2]?.headers).not.toHaveProperty('x-litellm-tags')
  })

  it.each(['voyage', 'jina_ai'])('%s: embeddings come as floats and are given as base64', async (model) => {
    const input = ['one', 'two']
    const { data } = await client.embeddings.create({ model, input })
    expect(data.map(({ embedding }) => embedding)).toEqual([
      [0.5, -0.25, 0.125],
      [1.5, -0.25, 0.125],
    ])
    expect(lastBody()).not.toHaveProperty('encoding_format')
  })

  it('fireworks_ai: a full name is not prefixed again', async () => {
    await client.chat.completions.create({ model: 'fireworks_ai', messages: hello })
    expect(lastBody()['model']).toBe('accounts/fireworks/models/fireworks_ai-model')
  })

  it('every vendor: tools survive', async () => {
    upstream.script(
      'together_ai-model',
      answerTruly({ toolCalls: [{ id: 'call_1', name: 'f', arguments: '{"a":1}' }] }),
    )
    const tools = [{ type: 'function' as const, function: { name: 'f', parameters: { type: 'object' } } }]
    const completion = await client.chat.completions.create({ model: 'together_ai', messages: hello, tools })
    expect(completion.choices[0]?.message.tool_calls).toMatchObject([
      { id: 'call_1', function: { arguments: '{"a":1}' } },
    ])
  })
})

import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { anthropicError } from '../harness/anthropic-wire.ts'
import { type Answer, call } from '../harness/call-gateway.ts'
import { openaiError } from '../harness/openai-wire.ts'
import { runProduct } from '../harness/run-product.ts'
import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'
import { respond } from '../harness/steps.ts'

const configFile = fileURLToPath(new URL('fixtures/config.yaml', import.meta.url))
const providerKeys = {
  OPENAI_API_KEY: 'sk-openai-test',
  ANTHROPIC_API_KEY: 'sk-ant-test',
  GROQ_API_KEY: 'gsk-test',
  DEEPSEEK_API_KEY: 'sk-deepseek-test',
  OPENROUTER_API_KEY: 'sk-or-test',
}

let upstream: ScriptedUpstream
let gateway: Gateway
const environment = () => ({ ...providerKeys, UPSTREAM: upstream.origin })

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({ config: {}, env: environment(), flags: ['--config', configFile] })
})
afterEach(() => upstream.reset())
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

async function chat(model: string, members: object = {}): Promise<Answer> {
  const messages = [{ role: 'user', content: 'Hello' }]
  return await call(gateway.url, '/v1/chat/completions', {
    key: gateway.masterKey,
    body: { model, messages, ...members },
  })
}

/** The upstream models that were called, in order. */
const called = (): string[] => upstream.requests.map((request) => request.model)

describe('a configuration as people publish them', () => {
  it('is valid, with a warning for each thing that is not used', async () => {
    const product = runProduct(['validate-config', '--json', '--config', configFile], {
      ...environment(),
      LITELLM_MASTER_KEY: gateway.masterKey,
    })
    expect((await product.exited).code).toBe(0)
    const { diagnostics } = JSON.parse(product.stdout()) as {
      diagnostics: { severity: string; path: string; message: string; line: number }[]
    }
    expect(
      diagnostics.map(({ severity, path, message }) => `${severity} ${path}: ${message}`).sort(),
    ).toEqual([
      'warning general_settings.alerting: this is not available yet; it is ignored',
      'warning litellm_settings.callbacks: Python code cannot be loaded: custom_callbacks.proxy_handler_instance; it is ignored',
      'warning litellm_settings.success_callback: this is not available yet; it is ignored',
      'warning litellm_settings.upload_to_the_moon: unknown key; it is kept but not used',
      'warning model_list[1].litellm_params.model: the provider sagemaker is not available yet; this model is left out',
      'warning model_list[7].litellm_params.api_key: the environment variable MISTRAL_API_KEY is not set',
    ])
    expect(diagnostics.filter(({ line }) => !(line > 0))).toEqual([])
  })

  it('lists its models, visible aliases and wildcards', async () => {
    const answer = await call(gateway.url, '/v1/models', { key: gateway.masterKey })
    const { data } = answer.json() as { data: { id: string }[] }
    expect(data.map(({ id }) => id)).toEqual([
      'gpt-4o',
      'gpt-4o-mini',
      'claude-sonnet',
      'claude-haiku',
      'llama-70b',
      'deepseek',
      'mistral-large',
      'local-qwen',
      'text-embedding',
      'gpt-4',
      'openai/*',
      '*',
    ])
  })

  it.each([
    ['gpt-4o', 'gpt-4o', '/v1/chat/completions', 'sk-openai-test'],
    ['claude-sonnet', 'claude-sonnet-4-5-20250929', '/v1/messages', 'sk-ant-test'],
    ['claude-haiku', 'claude-haiku-4-5', '/v1/messages', 'sk-ant-test'],
    ['llama-70b', 'llama-3.3-70b-versatile', '/v1/chat/completions', 'gsk-test'],
    ['deepseek', 'deepseek-chat', '/v1/chat/completions', 'sk-deepseek-test'],
    ['local-qwen', 'Qwen/Qwen3-32B', '/v1/chat/completions', 'none'],
    ['gpt-4', 'gpt-4o', '/v1/chat/completions', 'sk-openai-test'],
    ['internal-judge', 'claude-haiku-4-5', '/v1/messages', 'sk-ant-test'],
    ['openai/gpt-5-nano', 'gpt-5-nano', '/v1/chat/completions', 'sk-openai-test'],
    ['meta-llama/llama-4-maverick', 'meta-llama/llama-4-maverick', '/v1/chat/completions', 'sk-or-test'],
  ])('sends %s to %s at %s', async (model, upstreamModel, path, key) => {
    const answer = await chat(model)
    expect(answer.status).toBe(200)
    expect(answer.json()).toMatchObject({
      model,
      choices: [{ message: { content: 'Hello from the upstream.' } }],
    })
    expect(upstream.requests).toHaveLength(1)
    const [request] = upstream.requests
    expect(request).toMatchObject({ model: upstreamModel, path })
    expect(request?.headers['x-api-key'] ?? request?.headers['authorization']?.replace('Bearer ', '')).toBe(
      key,
    )
  })

  it('shows the id of a deployment, a number in the file, as text', async () => {
    expect((await chat('gpt-4o')).headers).toMatchObject({
      'x-litellm-model-id': '1',
      'x-litellm-model-group': 'gpt-4o',
    })
  })

  it('gives default parameters as numbers, unless the request has its own', async () => {
    await chat('gpt-4o-mini')
    expect(upstream.requests[0]?.json).toMatchObject({ temperature: 0.2, max_tokens: 256, seed: 7 })
    await chat('gpt-4o-mini', { temperature: 1, seed: 8 })
    expect(upstream.requests[1]?.json).toMatchObject({ temperature: 1, max_tokens: 256, seed: 8 })
    await chat('claude-sonnet')
    expect(upstream.requests[2]?.json['max_tokens']).toBe(2048)
    expect(upstream.requests[2]?.headers['anthropic-beta']).toBe('context-1m-2025-08-07')
  })

  it('drops what a model cannot take', async () => {
    expect((await chat('claude-haiku', { seed: 1, logit_bias: { '1': 1 }, n: 2 })).status).toBe(200)
    const sent = upstream.requests[0]?.json ?? {}
    expect(['seed', 'logit_bias', 'n'].filter((name) => name in sent)).toEqual([])
  })

  it('falls back along the list', async () => {
    const overloaded = respond(529, anthropicError('overloaded_error', 'Overloaded.'))
    upstream.script('claude-sonnet-4-5-20250929', overloaded)
    upstream.script('claude-haiku-4-5', overloaded)
    const answer = await chat('claude-sonnet')
    expect(answer.status).toBe(200)
    expect(called()).toEqual(['claude-sonnet-4-5-20250929', 'claude-haiku-4-5', 'gpt-4o'])
    expect(answer.headers).toMatchObject({
      'x-litellm-attempted-fallbacks': '2',
      'x-litellm-model-group': 'gpt-4o',
    })
    expect(answer.json()['model']).toBe('gpt-4o')
  })

  it('falls back by default where a model has no list of its own', async () => {
    upstream.script('llama-3.3-70b-versatile', respond(500, openaiError('Broken.', 'server_error')))
    expect((await chat('llama-70b')).status).toBe(200)
    expect(called()).toEqual(['llama-3.3-70b-versatile', 'gpt-4o-mini'])
  })

  it('falls back to a longer context', async () => {
    const tooLong = "This model's maximum context length is 128000 tokens."
    const body = openaiError(tooLong, 'invalid_request_error', 'context_length_exceeded')
    upstream.script('gpt-4o-mini', respond(400, body))
    expect((await chat('gpt-4o-mini')).status).toBe(200)
    expect(called()).toEqual(['gpt-4o-mini', 'Qwen/Qwen3-32B'])
  })

  it('says what the provider of a model without a key says', async () => {
    upstream.script('mistral-large-latest', respond(401, { message: 'Unauthorized' }))
    const answer = await chat('mistral-large', { disable_fallbacks: true })
    expect(answer.status).toBe(401)
    expect(upstream.requests[0]?.headers['authorization']).toBeUndefined()
  })

  it('embeds', async () => {
    const answer = await call(gateway.url, '/v1/embeddings', {
      key: gateway.masterKey,
      body: { model: 'text-embedding', input: ['one', 'two'] },
    })
    expect((answer.json() as { data: unknown[] }).data).toHaveLength(2)
    expect(called()).toEqual(['text-embedding-3-small'])
  })

  it('writes no key into its log', () => {
    const log = gateway.stdout() + gateway.stderr()
    expect(log).toContain('MISTRAL_API_KEY')
    for (const key of [...Object.values(providerKeys), gateway.masterKey]) expect(log).not.toContain(key)
  })
})

import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { expectError } from './harness/expect-error.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const { openaiBase, anthropicBase } = upstream
  const models = [
    deployment('fast', openaiBase, { model: 'openai/gpt-4o-mini' }),
    deployment('clever', anthropicBase, { model: 'anthropic/claude-sonnet-4-5' }),
  ]
  gateway = await startGateway({ config: { model_list: models } })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

const count = (body: object, key = gateway.masterKey, path = '/utils/token_counter') =>
  call(gateway.url, path, { key, body })

it('counts a conversation with the vocabulary of the model behind the name', async () => {
  const answer = await count({ model: 'fast', messages: [{ role: 'user', content: 'Hello, world!' }] })
  expect(answer.status).toBe(200)
  expect(answer.json()).toEqual({
    total_tokens: 11,
    request_model: 'fast',
    model_used: 'gpt-4o-mini',
    tokenizer_type: 'openai_tokenizer',
  })
})

it('estimates for models without a public vocabulary', async () => {
  const answer = await count({ model: 'clever', prompt: 'Hello, world!' })
  expect(answer.json()).toMatchObject({ model_used: 'claude-sonnet-4-5', tokenizer_type: 'estimate' })
  expect(answer.json()['total_tokens']).toBeGreaterThanOrEqual(4)
})

it('also answers under /v1, for names it does not know, and without asking a provider', async () => {
  const answer = await count(
    { model: 'gpt-4o', prompt: ['Hello', 'world'] },
    undefined,
    '/v1/utils/token_counter',
  )
  expect(answer.json()).toMatchObject({ total_tokens: 2, model_used: 'gpt-4o' })
  expect(upstream.requests).toEqual([])
})

it('takes prompts of more than a megabyte', async () => {
  const answer = await count({ model: 'fast', prompt: 'word '.repeat(300_000) })
  expect(answer.json()['total_tokens']).toBeGreaterThanOrEqual(300_000)
})

it('refuses what it cannot count, and models the key may not call', async () => {
  const { key } = await gateway.createKey({ models: ['fast'] })
  expectError(await count({ model: 'clever', prompt: 'x' }, key), {
    status: 403,
    type: 'key_model_access_denied',
    code: 'key_model_access_denied',
  })
  expectError(await count({ model: 'fast' }), {
    status: 400,
    type: 'invalid_request_error',
    code: '400',
    param: 'messages',
  })
  expectError(await count({ model: 'fast', prompt: 'x' }, 'sk-nobody'), {
    status: 401,
    type: 'authentication_error',
    code: 'invalid_api_key',
  })
})

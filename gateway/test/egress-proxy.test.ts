import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type ConnectProxy, startConnectProxy } from '../src/transport/http1/testing/connect-proxy.ts'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { chatCompletion } from './harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'

const password = 'word-of-the-proxy'
const fixtureOf = (name: string): string =>
  fileURLToPath(new URL(`../src/transport/http1/fixtures/${name}`, import.meta.url))
const secure = createServer(
  { key: readFileSync(fixtureOf('server-key.pem')), cert: readFileSync(fixtureOf('server.pem')) },
  (request, response) => {
    request.resume()
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(chatCompletion({ content: 'From behind TLS.' })))
  },
)
let upstream: ScriptedUpstream
let proxy: ConnectProxy
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  proxy = await startConnectProxy(`gateway:${password}`)
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve))
  const { port } = secure.address() as AddressInfo
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('plain', `http://plain.test:${upstream.port}/v1`),
        deployment('secure', `https://upstream.test:${port}/v1`),
        deployment('near', upstream.openaiBase),
        deployment('excepted', `http://a.excepted.test:${upstream.port}/v1`),
        deployment('llava', `http://plain.test:${upstream.port}`, { model: 'ollama_chat/llava' }),
      ],
      router_settings: { num_retries: 0 },
    },
    env: {
      ROUTEIQ_EGRESS_PROXY: `http://gateway:${password}@127.0.0.1:${proxy.port}`,
      ROUTEIQ_EGRESS_NO_PROXY: '.excepted.test, 10.0.0.0/8',
      LLMROUTER_OUTBOUND_ALLOW_PRIVATE: 'true',
      NODE_EXTRA_CA_CERTS: fixtureOf('authority.pem'),
    },
  })
})
afterAll(async () => {
  await gateway?.stop()
  await Promise.all([upstream?.close(), proxy?.close()])
  secure.closeAllConnections()
  secure.close()
})
beforeEach(() => {
  upstream.reset()
  proxy.asked.length = 0
})

const chat = (model: string, extra: object = {}) =>
  call(gateway.url, '/v1/chat/completions', { key, body: { model, messages, max_tokens: 8, ...extra } })
const targets = () => proxy.asked.map(({ target }) => target)

it('takes the proxy to providers, plain, streamed and over TLS', async () => {
  expect((await chat('plain')).json().choices[0].message.content).toBe('Hello from the upstream.')
  expect((await chat('plain', { stream: true })).text).toContain('[DONE]')
  expect((await chat('secure')).json().choices[0].message.content).toBe('From behind TLS.')
  expect(targets()).toEqual([`plain.test:${upstream.port}`, expect.stringMatching(/^upstream\.test:/)])
  expect(upstream.requests[0]?.headers).not.toHaveProperty('proxy-authorization')
})

it('calls loopback and what is excepted without it', async () => {
  expect((await chat('near')).status).toBe(200)
  // Nobody but the proxy knows the name.
  expect((await chat('excepted')).status).toBeGreaterThanOrEqual(500)
  expect(targets()).toEqual([])
})

it('does not ask the proxy for what callers may not name', async () => {
  const look = (url: string) =>
    chat('llava', {
      messages: [
        { role: 'user', content: [{ type: 'image_url', image_url: { url: `${url}/picture.png` } }] },
      ],
    })
  for (const url of ['http://169.254.169.254', 'http://metadata.google.internal', 'http://unknown.test']) {
    const refused = await look(url)
    expect([refused.status, refused.json().error.message]).toEqual([
      400,
      expect.stringContaining('could not be fetched'),
    ])
  }
  expect(targets()).toEqual([])
})

it('keeps the password of the proxy to itself', () => {
  const encoded = Buffer.from(`gateway:${password}`).toString('base64')
  for (const secret of [password, encoded]) expect(gateway.stdout() + gateway.stderr()).not.toContain(secret)
})

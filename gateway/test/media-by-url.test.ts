import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'

const png = 'iVBORw0KGgoAAAANSUhEUg=='
const aws = { aws_region_name: 'us-west-2', aws_access_key_id: 'AKIA', aws_secret_access_key: 'secret' }
let upstream: ScriptedUpstream
let images: http.Server
let web = ''
let gateway: Gateway
let paths: string[] = []

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  images = http.createServer((request, response) => {
    paths.push(request.url ?? '')
    if (request.url === '/moved.png') response.writeHead(302, { location: '/a.png' }).end()
    else if (request.url === '/metadata')
      response.writeHead(302, { location: 'http://169.254.169.254/x' }).end()
    else if (request.url === '/private') response.writeHead(302, { location: 'http://10.0.0.1/x' }).end()
    else if (request.url === '/none') response.writeHead(404).end()
    else if (request.url === '/large') response.end(Buffer.alloc(11 * 1024 * 1024))
    else if (request.url === '/a.pdf')
      response.writeHead(200, { 'content-type': 'application/pdf' }).end('%PDF-1.4')
    else response.writeHead(200, { 'content-type': 'image/png; x=1' }).end(Buffer.from(png, 'base64'))
  })
  images.listen(0, '127.0.0.1')
  await once(images, 'listening')
  web = `http://127.0.0.1:${(images.address() as AddressInfo).port}`
  const { origin } = upstream
  gateway = await startGateway({
    env: { LLMROUTER_OUTBOUND_HOST_ALLOWLIST: '127.0.0.1' },
    config: {
      model_list: [
        deployment('bedrock', origin, { model: 'bedrock/anthropic.claude-x', ...aws }),
        deployment('ollama', origin, { model: 'ollama_chat/llava' }),
        deployment('old-gemini', origin, { model: 'gemini/gemini-2.0-flash' }),
        deployment('gemini', origin, { model: 'gemini/gemini-2.5-flash' }),
        deployment('gpt', upstream.openaiBase),
      ],
      router_settings: { num_retries: 0, disable_cooldowns: true },
    },
  })
})
afterEach(() => {
  upstream.reset()
  paths = []
})
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
  images?.close()
})

const ask = (model: string, url: string, host = gateway.url) => {
  const content = [
    { type: 'text', text: 'What is this?' },
    { type: 'image_url', image_url: { url } },
  ]
  return call(host, '/v1/chat/completions', { key, body: { model, messages: [{ role: 'user', content }] } })
}

describe('an image by its web address', () => {
  it.each(['bedrock', 'ollama', 'old-gemini'])('is fetched for %s, which cannot', async (model) => {
    expect((await ask(model, `${web}/moved.png`)).status).toBe(200)
    expect(paths).toEqual(['/moved.png', '/a.png'])
    expect(upstream.requests[0]?.body).toContain(png)
    expect(upstream.requests[0]?.body).not.toContain(web)
  })

  it('is left to providers that can', async () => {
    await ask('gpt', `${web}/a.png`)
    await ask('gemini', 'https://images.example.com/a.png')
    expect(paths).toEqual([])
    expect(upstream.requests[0]?.body).toContain(`${web}/a.png`)
    expect(upstream.requests[1]?.body).toContain('"fileUri":"https://images.example.com/a.png"')
  })

  it('is fetched from other dialects too, documents and tool results included', async () => {
    const url = (path: string) => ({ type: 'url', url: web + path })
    const body = {
      model: 'bedrock',
      max_tokens: 9,
      tools: [{ name: 'look', input_schema: { type: 'object' } }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'document', source: url('/a.pdf') },
            { type: 'text', text: 'x' },
          ],
        },
        { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'look', input: {} }] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 't1', content: [{ type: 'image', source: url('/a.png') }] },
          ],
        },
      ],
    }
    expect((await call(gateway.url, '/v1/messages', { key, body })).status).toBe(200)
    expect(paths.toSorted()).toEqual(['/a.pdf', '/a.png'])
    const sent = upstream.requests[0]?.body
    expect(sent).toContain(Buffer.from('%PDF-1.4').toString('base64'))
    expect(sent).toContain(png)
  })

  it.each([
    ['/none', /status 404/],
    ['/large', /more than 10485760 bytes/],
    ['/metadata', /may not be called/],
    ['/private', /may not be called/],
  ])('is refused when it cannot be had: %s', async (path, reason) => {
    const answer = await ask('bedrock', web + path)
    expect(answer.status).toBe(400)
    expect(answer.json().error.message).toMatch(reason)
    expect(answer.json().error.message).not.toContain('169.254')
    expect(upstream.requests).toEqual([])
  })

  it('is never fetched from a private network, unless the operator lists the host', async () => {
    const strict = await startGateway({
      config: { model_list: [deployment('ollama', upstream.origin, { model: 'ollama_chat/llava' })] },
    })
    for (const host of [
      web,
      web.replace('127.0.0.1', 'localhost'),
      web.replace('127.0.0.1', '[::ffff:127.0.0.1]'),
    ])
      expect((await ask('ollama', `${host}/a.png`, strict.url)).status).toBe(400)
    await strict.stop()
    expect(paths).toEqual([])
  })
})

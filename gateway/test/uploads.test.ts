import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { freePort } from './harness/free-port.ts'
import { fieldOf } from './harness/received-request.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { respond } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

const megabyte = 1024 * 1024
const path = '/v1/audio/transcriptions'
const type = 'multipart/form-data; boundary=cut'
const field = (name: string, value: string): string =>
  `--cut\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const fileHead = '--cut\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
const end = '\r\n--cut--\r\n'
const form = (model: string, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(field('model', model) + fileHead), bytes, Buffer.from(end)])

/** An upstream that can act while a request is still arriving. */
interface LiveUpstream {
  readonly base: string
  received: number
  requests: number
  closed: number
  onBytes: (request: http.IncomingMessage, response: http.ServerResponse, received: number) => void
  close(): Promise<void>
}

async function startLiveUpstream(): Promise<LiveUpstream> {
  const server = http.createServer((request, response) => {
    live.requests += 1
    live.received = 0
    request.on('error', () => {})
    request.on('close', () => {
      live.closed += 1
    })
    request.on('data', (chunk: Buffer) => {
      live.received += chunk.length
      live.onBytes(request, response, live.received)
    })
    request.on('end', () => {
      if (response.headersSent) return
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ text: String(live.received) }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const live: LiveUpstream = {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    received: 0,
    requests: 0,
    closed: 0,
    onBytes: () => {},
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return live
}

let scripted: ScriptedUpstream
let live: LiveUpstream
let gateway: Gateway

beforeAll(async () => {
  scripted = await startScriptedUpstream()
  live = await startLiveUpstream()
  const nobody = `http://127.0.0.1:${await freePort()}/v1`
  const models = [
    deployment('ears', scripted.openaiBase, { model: 'openai/whisper-1' }),
    deployment('live', live.base, { model: 'openai/whisper-large', language: 'de' }),
    deployment('either', nobody, { model: 'openai/gone', order: 1 }),
    deployment('either', live.base, { model: 'openai/whisper-large', order: 2 }),
  ]
  const general_settings = { max_request_size_mb: 6 }
  const router_settings = { num_retries: 2, retry_after: 0, disable_cooldowns: true }
  gateway = await startGateway({ config: { model_list: models, router_settings, general_settings } })
})

afterAll(async () => {
  await gateway?.stop()
  await scripted?.close()
  await live?.close()
})

beforeEach(() => {
  scripted.reset()
  Object.assign(live, { received: 0, requests: 0, closed: 0, onBytes: () => {} })
})

interface Sending {
  readonly request: http.ClientRequest
  readonly answer: Promise<{ readonly status: number; readonly text: string }>
}

/** A request whose body the test writes; chunked unless `length` is given. */
function send(length: number | null = null, key = gateway.masterKey): Sending {
  const request = http.request(gateway.url + path, {
    method: 'POST',
    agent: false,
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': type,
      ...(length === null ? {} : { 'content-length': length }),
    },
  })
  const answer = new Promise<{ status: number; text: string }>((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.on('error', reject)
    })
  })
  answer.catch(() => {})
  return { request, answer }
}

const upload = (body: Buffer) =>
  call(gateway.url, path, { key: gateway.masterKey, headers: { 'content-type': type }, body })

it.each([true, false])(
  'passes a large upload on while it still arrives (announced length: %s)',
  async (announced) => {
    const body = form('live', Buffer.alloc(8 * megabyte, 'a'))
    const { request, answer } = send(announced ? body.length : null)
    request.write(body.subarray(0, 5 * megabyte))
    await waitUntil('the provider has the beginning', () => live.received > 4 * megabyte)
    request.end(body.subarray(5 * megabyte))
    const { status, text } = await answer
    expect(status).toBe(200)
    const expected = body.length - 'live'.length + 'whisper-large'.length + field('language', 'de').length
    expect(JSON.parse(text)).toEqual({ text: String(expected) })
  },
)

it('sends a small upload again, byte for byte, after a failure', async () => {
  scripted.script('whisper-1', respond(500, {}), respond(200, { text: 'second' }))
  const bytes = Buffer.from(Array.from({ length: 3000 }, (_, index) => index % 256))
  const answer = await upload(form('ears', bytes))
  expect(answer.json()).toEqual({ text: 'second' })
  expect(scripted.requests).toHaveLength(2)
  for (const request of scripted.requests) expect(request.bytes.equals(form('whisper-1', bytes))).toBe(true)
})

it('tries another deployment with a large upload as long as none of it has been taken', async () => {
  const answer = await upload(form('either', Buffer.alloc(5 * megabyte)))
  expect(answer.status).toBe(200)
  expect(live.requests).toBe(1)
})

it('does not try again once a large upload has been taken', async () => {
  live.onBytes = (request, _, received) => {
    if (received > 6 * megabyte) request.socket.destroy()
  }
  const { request, answer } = send()
  request.on('error', () => {})
  request.write(form('live', Buffer.alloc(9 * megabyte)))
  const { status, text } = await answer
  expect(status).toBeGreaterThanOrEqual(500)
  expect(text).toContain('error')
  expect(live.requests).toBe(1)
  request.destroy()
})

it('gives the answer of a provider that refuses before the upload is over', async () => {
  live.onBytes = (_, response, received) => {
    if (received > 5 * megabyte && !response.headersSent)
      response.writeHead(413, { 'content-type': 'application/json' }).end('{"error":{"message":"too big"}}')
  }
  const { request, answer } = send()
  request.on('error', () => {})
  request.write(form('live', Buffer.alloc(8 * megabyte)))
  const { status, text } = await answer
  expect(status).toBe(413)
  expect(text).toContain('too big')
  request.destroy()
})

it('ends the call to the provider when the client leaves in the middle', async () => {
  const { request } = send()
  request.on('error', () => {})
  request.write(form('live', Buffer.alloc(6 * megabyte)).subarray(0, 5 * megabyte))
  await waitUntil('the provider has the beginning', () => live.received > 4 * megabyte)
  request.destroy()
  await waitUntil('the call is over', () => live.closed === 1)
  expect((await upload(form('ears', Buffer.from('next')))).status).toBe(200)
})

it('takes the model from behind the file, as far as it keeps that in memory', async () => {
  const late = (size: number) =>
    Buffer.concat([
      Buffer.from(fileHead),
      Buffer.alloc(size),
      Buffer.from(`\r\n${field('model', 'live')}--cut--\r\n`),
    ])
  expect((await upload(late(5 * megabyte))).status).toBe(200)
  const { request, answer } = send()
  request.on('error', () => {})
  request.write(late(8 * megabyte))
  const { status, text } = await answer
  expect(status).toBe(413)
  expect(text).toContain('Send it before the file')
  request.destroy()
})

it('refuses what is announced as too large without reading it', async () => {
  const { request, answer } = send(600 * megabyte)
  request.on('error', () => {})
  request.write(field('model', 'live'))
  expect((await answer).status).toBe(413)
  expect(live.requests).toBe(0)
  request.destroy()
})

it.each([
  ['no boundary', 'multipart/form-data', form('ears', Buffer.from('x'))],
  ['another boundary', 'multipart/form-data; boundary=other', form('ears', Buffer.from('x'))],
  ['no end', type, Buffer.from(field('model', 'ears') + fileHead)],
  ['no model', type, Buffer.from(`${fileHead}x${end}`)],
  ['nothing in it', type, Buffer.from('')],
])('refuses a form with %s', async (_, contentType, body) => {
  const answer = await call(gateway.url, path, {
    key: gateway.masterKey,
    headers: { 'content-type': contentType },
    body,
  })
  expect(answer.status).toBe(400)
  expect(scripted.requests).toEqual([])
})

it('asks for a key before it reads', async () => {
  const { request, answer } = send(null, 'sk-nobody')
  request.on('error', () => {})
  request.write(field('model', 'live'))
  expect((await answer).status).toBe(401)
  request.destroy()
})

it('sends the form on with the model’s real name', async () => {
  await upload(form('ears', Buffer.from('x')))
  expect(fieldOf(scripted.requests.at(-1)?.body ?? '', 'model')).toBe('whisper-1')
})

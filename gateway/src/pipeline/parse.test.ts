import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Operation } from '../deployments/deployment.ts'
import { modelConfig, snapshotOf } from '../deployments/for-test.ts'
import { type ExchangeServer, rawRequest, startExchangeServer } from '../http/testing/exchange-server.ts'
import { anonymousCaller } from '../identity/caller.ts'
import { openaiChatProtocol } from '../protocols/openai-chat/openai-chat.ts'
import type { ModelRequest } from './model-request.ts'
import { parse } from './parse.ts'
import { sampleConfig } from './testing/sample-request.ts'

let server: ExchangeServer
let outcome: ModelRequest | Error
let operation: Operation = 'chat'
let pathModel: string | null = null
let config = sampleConfig()

beforeAll(async () => {
  server = await startExchangeServer(async (exchange) => {
    const runtime = { config, routing: snapshotOf([modelConfig('m')]), banned: null, policies: null }
    const arrival = {
      exchange,
      operation,
      protocol: openaiChatProtocol,
      pathModel,
      pathStream: null,
      history: null,
    }
    try {
      outcome = await parse(runtime, arrival, anonymousCaller)
    } catch (error) {
      outcome = error as Error
    }
    exchange.sendJson(200, 'read')
  })
})
afterAll(() => server.close())

async function read(body: string | Buffer, headers: string[] = []): Promise<ModelRequest | Error> {
  const bytes = Buffer.from(body)
  const request = rawRequest('POST', '/', [`content-length: ${bytes.length}`, ...headers])
  const socket = await server.connect(request)
  socket.write(bytes)
  socket.resume()
  await new Promise((resolve) => socket.on('close', resolve))
  return outcome
}

async function accepted(body: object, headers: string[] = []): Promise<ModelRequest> {
  const request = await read(JSON.stringify(body), headers)
  if (request instanceof Error) throw request
  return request
}

const chat = { model: 'm', messages: [] }

describe('a body', () => {
  it('is kept as it came and known by its members', async () => {
    const text = '{ "model" : "m","messages":[1.0],"big":12345678901234567890}'
    const request = (await read(text)) as ModelRequest
    expect(request.bytes.toString()).toBe(text)
    expect(request.members.members.map((member) => member.key)).toEqual(['model', 'messages', 'big'])
    expect(request).toMatchObject({
      requestedModel: 'm',
      stream: false,
      includeUsage: false,
      operation: 'chat',
    })
  })

  it('may be compressed', async () => {
    const request = (await read(gzipSync(JSON.stringify(chat)), ['content-encoding: gzip'])) as ModelRequest
    expect(request.bytes.toString()).toBe(JSON.stringify(chat))
  })

  it.each([
    ['', 'invalid_json', 'no body'],
    ['{"model":', 'invalid_json', 'not valid JSON'],
    ['[]', 'invalid_json', 'must be a JSON object'],
    ['null', 'invalid_json', 'must be a JSON object'],
    ['"text"', 'invalid_json', 'must be a JSON object'],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'invalid_json', 'not valid UTF-8'],
    [`{"a":${'['.repeat(64)}${']'.repeat(64)}}`, 'invalid_json', '65 levels'],
    [`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'invalid_json', 'levels'],
    ['{}', 'invalid_request', '`model` must be'],
    ['{"model":7,"messages":[]}', 'invalid_request', '`model` must be'],
    ['{"model":"","messages":[]}', 'invalid_request', '`model` must be'],
    ['{"model":"m"}', 'invalid_request', '`messages` is required'],
    ['{"model":"m","messages":null}', 'invalid_request', '`messages` is required'],
    ['{"model":"m","messages":{}}', 'invalid_request', 'must be an array'],
    ['{"model":"m","messages":[],"stream":"yes"}', 'invalid_request', '`stream` must be'],
    ['{"model":"m","messages":[],"timeout":"soon"}', 'invalid_request', '`timeout`'],
  ])('%.40s is %s', async (body, code, message) => {
    expect(await read(body)).toMatchObject({ code, message: expect.stringContaining(message) })
  })

  it('64 levels deep is read', async () => {
    const request = await accepted({ ...chat, deep: JSON.parse(`${'['.repeat(63)}${']'.repeat(63)}`) })
    expect(request.members.depth).toBe(64)
  })
})

describe('the model', () => {
  it('of the path wins, then the body’s, then the configured one', async () => {
    pathModel = 'path'
    expect((await accepted(chat)).requestedModel).toBe('path')
    pathModel = null
    config = sampleConfig('general_settings: { completion_model: configured }')
    expect((await accepted({ messages: [] })).requestedModel).toBe('configured')
    expect((await accepted(chat)).requestedModel).toBe('m')
    config = sampleConfig()
  })
})

describe('what an operation needs', () => {
  it.each([
    ['completion', 'prompt'],
    ['embedding', 'input'],
  ] as const)('%s: %s', async (wanted, member) => {
    operation = wanted
    expect(await read('{"model":"m"}')).toMatchObject({ message: `\`${member}\` is required.` })
    expect((await accepted({ model: 'm', [member]: 'x' })).operation).toBe(wanted)
    operation = 'chat'
  })
})

describe('usage at the end of a stream', () => {
  it.each([
    [{ stream: true }, false],
    [{ stream: true, stream_options: { include_usage: true } }, true],
    [{ stream: true, stream_options: { include_usage: 1 } }, false],
    [{ stream: true, stream_options: null }, false],
    [{ stream: true, stream_options: 'x' }, false],
    [{ stream_options: { include_usage: true } }, false],
    [{ stream: null }, false],
  ])('for %j: %s', async (members, expected) => {
    expect((await accepted({ ...chat, ...members })).includeUsage).toBe(expected)
  })

  it('is always shown where the operator wants it', async () => {
    config = sampleConfig('general_settings: { always_include_stream_usage: true }')
    expect((await accepted({ ...chat, stream: true })).includeUsage).toBe(true)
    expect((await accepted(chat)).includeUsage).toBe(false)
    config = sampleConfig()
  })
})

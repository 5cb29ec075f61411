import { once } from 'node:events'
import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { answerClientError, checkHead } from './server.ts'
import { type ExchangeServer, startExchangeServer, until } from './testing/exchange-server.ts'

let server: ExchangeServer

beforeAll(async () => {
  server = await startExchangeServer((exchange) => {
    const refusal = checkHead(exchange.request)
    if (exchange.target === '/stream') exchange.response.write('begun')
    else exchange.sendJson(refusal?.status ?? 200, refusal?.code ?? 'fine', ['connection', 'close'])
  })
})
afterAll(() => server.close())

function request(target: string, headers: readonly string[] = [], version = '1.1'): string {
  return `GET ${target} HTTP/${version}\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`
}

const host = 'host: x'
const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `x-${index}: 1`)

describe('checkHead', () => {
  it.each([
    [`/${'a'.repeat(8_191)}`, [host], 'fine'],
    [`/${'a'.repeat(8_192)}`, [host], 'uri_too_long'],
    ['/', [host, ...many(99)], 'fine'],
    ['/', [host, ...many(100)], 'headers_too_large'],
    ['/', [host, `x: ${'v'.repeat(16_384)}`], 'fine'],
    ['/', [host, `x: ${'v'.repeat(16_385)}`], 'headers_too_large'],
    ['/', [], 'invalid_request'],
  ])('%.20s with %#', async (target, headers, expected) => {
    expect(await server.send(request(target, headers))).toContain(`"${expected}"`)
  })

  it('asks for no Host under HTTP/1.0', async () => {
    expect(await server.send(request('/', [], '1.0'))).toContain('"fine"')
  })
})

describe('what the parser refuses', () => {
  it.each([
    ['no HTTP', 'NONSENSE\r\n\r\n', 400, '400'],
    ['two lengths', request('/', [host, 'content-length: 1', 'content-length: 2']), 400, '400'],
    [
      'a length and chunks',
      request('/', [host, 'content-length: 1', 'transfer-encoding: chunked']),
      400,
      '400',
    ],
    ['a space before the colon', request('/', [host, 'x : y']), 400, '400'],
    ['too large a head', request('/', [host, `x: ${'v'.repeat(40_000)}`]), 431, '431'],
  ])('%s is answered with JSON and the connection ends', async (_, text, status, code) => {
    const [head = '', body = ''] = (await server.send(text)).split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(head).toMatch(/\r\nx-routeiq-error-origin: gateway\r\nx-request-id: [0-9a-f-]{36}\r\n/)
    expect(head).toContain(`content-length: ${body.length}`)
    expect(JSON.parse(body).error).toMatchObject({ type: 'invalid_request_error', param: null, code })
  })

  it('never writes a second head into an answer under way', async () => {
    const socket = await server.connect(request('/stream', [host]))
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString()
    })
    await until(() => received.includes('begun'))
    socket.write('NONSENSE\r\n\r\n')
    await once(socket, 'close')
    expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1)
  })

  it('keeps no connection of a client that does not hang up', () => {
    const socket = Object.assign(new PassThrough(), { setTimeout: vi.fn() })
    // The answer needs no more of a socket than that it can be written to and given a time limit.
    answerClientError(new Error('bad'), socket as unknown as Socket)
    const [limit, expire] = socket.setTimeout.mock.calls[0] as [number, () => void]
    expect(limit).toBeGreaterThan(0)
    expect(socket.destroyed).toBe(false)
    expire()
    expect(socket.destroyed).toBe(true)
  })

  it('a reset connection is not written to', () => {
    const socket = Object.assign(new PassThrough(), { setTimeout: vi.fn() })
    answerClientError(Object.assign(new Error('x'), { code: 'ECONNRESET' }), socket as unknown as Socket)
    expect([socket.destroyed, socket.readableLength]).toEqual([true, 0])
  })
})

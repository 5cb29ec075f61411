import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Exchange } from '../exchange.ts'
import { readBody } from '../read-body.ts'
import { type ExchangeServer, startExchangeServer, until } from '../testing/exchange-server.ts'
import { checkHead } from './check-head.ts'

let server: ExchangeServer
let handle: (exchange: Exchange) => void | Promise<void> = () => {}

/** Says what arrived, the body included. */
const echo = async (exchange: Exchange): Promise<void> => {
  const body = await readBody(exchange.request, 10_000_000)
  exchange.sendText(
    200,
    'text/plain',
    `${exchange.request.method} ${exchange.target} [${body.toString('latin1')}]`,
  )
}

beforeAll(async () => {
  server = await startExchangeServer((exchange) => void Promise.resolve(handle(exchange)).catch(() => {}))
})
afterAll(() => server.close())
beforeEach(() => {
  handle = echo
})

const close = 'connection: close'

function request(requestLine: string, headers: readonly string[] = [], body = ''): string {
  return `${[`${requestLine} HTTP/1.1`, 'host: x', ...headers].join('\r\n')}\r\n\r\n${body}`
}

/** The bodies of the answers of one connection. */
const bodies = (text: string): string[] => [...text.matchAll(/\[[^\]]*\]/g)].map(([found]) => found)

describe('requests of one connection', () => {
  const three =
    request('POST /a', ['content-length: 3'], 'one') +
    request('POST /b', ['transfer-encoding: chunked'], '2\r\ntw\r\n1;x=y\r\no\r\n0\r\ntrailer: t\r\n\r\n') +
    `\r\n${request('GET /c', [close])}`

  it('sent ahead are answered in order', async () => {
    expect(bodies(await server.send(three))).toEqual(['[one]', '[two]', '[]'])
  })

  it('are the same however the network cuts them', async () => {
    for (let cut = 1; cut < three.length; cut += 1) {
      const socket = await server.connect(three.slice(0, cut))
      let received = ''
      socket.on('data', (chunk: Buffer) => {
        received += chunk.toString('latin1')
      })
      await new Promise((resolve) => setImmediate(resolve))
      socket.write(three.slice(cut))
      await once(socket, 'close')
      expect(bodies(received)).toEqual(['[one]', '[two]', '[]'])
    }
  })

  it('are the same octet by octet', async () => {
    const socket = await server.connect('')
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
    })
    for (const octet of three) {
      socket.write(octet)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await until(() => bodies(received).length === 3)
    expect(bodies(received)).toEqual(['[one]', '[two]', '[]'])
    socket.destroy()
  })

  it('wait for the answer before them, however many come', async () => {
    const waiting: Exchange[] = []
    handle = (exchange) => void waiting.push(exchange)
    const socket = await server.connect(request('GET /first') + request('GET /next').repeat(5_000))
    await until(() => waiting.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(waiting).toHaveLength(1)
    handle = (exchange) => exchange.sendText(200, 'text/plain', exchange.target)
    waiting[0]?.sendText(200, 'text/plain', 'first')
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
    })
    await until(() => received.split('/next').length === 5_001)
    socket.destroy()
  })
})

describe('an answer', () => {
  it('keeps the connection for the next request, and says so', async () => {
    const text = await server.send(request('GET /') + request('GET /', [close]))
    expect(text.match(/\r\nconnection: keep-alive\r\nkeep-alive: timeout=65\r\n/g)).toHaveLength(1)
    expect(text.match(/\r\nconnection: close\r\n/g)).toHaveLength(1)
    expect(text.match(/\r\ndate: [A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} [\d:]{8} GMT\r\n/g)).toHaveLength(2)
  })

  it.each([300_000, 65_536, 65_537])('of %d octets arrives whole', async (size) => {
    const body = Buffer.alloc(size, 'é𝄞')
    handle = (exchange) => exchange.sendBytes(200, ['content-type', 'x'], body)
    const text = await server.send(request('GET /', [close]))
    expect(Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'latin1').equals(body)).toBe(true)
  })

  it('never lets a value start a line of its own', async () => {
    handle = (exchange) => exchange.sendJson(200, {}, ['x-odd', 'a\r\nx-injected: 1'])
    expect(await server.send(request('GET /', [close]))).toContain('\r\nx-odd: a%0D%0Ax-injected%3A%201\r\n')
  })

  it('to HTTP/1.0 ends the connection, unless that client asks otherwise', async () => {
    const old = (headers: string[]) => `${['GET / HTTP/1.0', ...headers].join('\r\n')}\r\n\r\n`
    expect(await server.send(old([]))).toContain('\r\nconnection: close\r\n')
    const two = await server.send(old(['connection: keep-alive']) + old([]))
    expect(bodies(two)).toHaveLength(2)
  })

  it('204 has neither length nor body', async () => {
    handle = (exchange) => exchange.sendBytes(204, [], Buffer.from('never'))
    const text = await server.send(request('GET /', [close]))
    expect(text).not.toMatch(/content-length|never/)
  })
})

describe('a streamed answer', () => {
  const parts = ['data: é\n\n', 'x'.repeat(70_000), 'data: [DONE]\n\n']
  const stream = ({ response }: Exchange): void => {
    response.begin(200, 'content-type: text/event-stream\r\n')
    for (const part of parts) response.write(part, 'utf8')
    response.end()
  }

  it('arrives whole, over and over on one connection', async () => {
    handle = stream
    for (let turn = 0; turn < 3; turn += 1) {
      const answer = await fetch(server.url)
      expect(answer.headers.get('transfer-encoding')).toBe('chunked')
      expect(await answer.text()).toBe(parts.join(''))
    }
  })

  it('is not framed for a client that knows no chunks', async () => {
    handle = stream
    const text = await server.send('GET / HTTP/1.0\r\n\r\n')
    expect(text).not.toContain('chunked')
    expect(Buffer.from(text, 'latin1').toString().endsWith(parts.join(''))).toBe(true)
  })

  it('may change between octets and text', async () => {
    handle = ({ response }) => {
      response.begin(200, '')
      response.write('\xc3\xa9', 'latin1')
      response.write('é', 'utf8')
      response.writeBytes(Buffer.from('é'))
      response.end()
    }
    expect(await (await fetch(server.url)).text()).toBe('ééé')
  })

  it('to HEAD is a head alone', async () => {
    handle = stream
    const text = await server.send(request('HEAD /', [close]))
    expect(text.endsWith('\r\n\r\n')).toBe(true)
    expect(text.split('\r\n\r\n')).toHaveLength(2)
  })

  it('says when the client is slow and when it has caught up', async () => {
    const drained = new Promise<void>((resolve) => {
      handle = ({ response }) => {
        response.begin(200, '')
        response.onDrain = () => {
          response.end()
          resolve()
        }
        while (response.write('x'.repeat(100_000), 'latin1'));
      }
    })
    const answer = await fetch(server.url)
    await answer.arrayBuffer()
    await drained
  })
})

describe('a body', () => {
  it('waits for leave where the client asks, and is not asked for when it is not wanted', async () => {
    const expecting = ['content-length: 4', 'expect: 100-continue', close]
    const socket = await server.connect(request('POST /', expecting))
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
    })
    await until(() => received === 'HTTP/1.1 100 Continue\r\n\r\n')
    socket.write('body')
    await once(socket, 'close')
    expect(bodies(received)).toEqual(['[body]'])
    handle = (exchange) => exchange.sendText(413, 'text/plain', 'no')
    expect(await server.send(request('POST /', expecting))).toMatch(/^HTTP\/1.1 413 /)
  })

  it('that nobody reads ends the connection after the answer', async () => {
    handle = (exchange) => exchange.sendText(401, 'text/plain', 'no')
    const text = await server.send(request('POST /', ['content-length: 100000'], 'begin'))
    expect(text).toMatch(/^HTTP\/1.1 401 [\s\S]*\r\nconnection: close\r\n/)
  })

  it('that nobody reads but which came with its head does not', async () => {
    handle = async (exchange) => {
      await Promise.resolve()
      exchange.sendText(401, 'text/plain', '[no]')
    }
    const text = await server.send(
      request('POST /', ['content-length: 5'], 'whole') +
        request('POST /', [close, 'content-length: 5'], 'whole'),
    )
    expect(bodies(text)).toHaveLength(2)
  })

  it('that comes in pieces before anybody asks for it leaves the connection in order', async () => {
    handle = async (exchange) => {
      await new Promise((resolve) => setTimeout(resolve, 40))
      await echo(exchange)
    }
    const socket = await server.connect(request('POST /a', ['content-length: 6'], 'on'))
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
    })
    for (const piece of ['et', 'wo', request('POST /b', ['content-length: 5'], 'three')]) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      socket.write(piece)
    }
    await until(() => bodies(received).length === 2)
    expect(bodies(received)).toEqual(['[onetwo]', '[three]'])
    socket.destroy()
  })

  it('is held back while its reader is slow', async () => {
    const big = 'x'.repeat(3_000_000)
    let seen = 0
    let resume = (): void => {}
    handle = ({ request: incoming, response }) => {
      resume = () => incoming.resume()
      incoming.receive({
        onData: (chunk) => {
          seen += chunk.length
          return seen > 1_500_000
        },
        onEnd: () => response.send(200, '', Buffer.from(`[${seen}]`)),
        onAborted: () => {},
      })
    }
    const answer = server.send(request('POST /', [close, `content-length: ${big.length}`], big))
    let before = -1
    await until(() => {
      const stands = seen > 0 && seen === before
      before = seen
      return stands
    })
    expect(seen).toBeLessThan(1_500_000)
    const pump = setInterval(resume, 1)
    expect(bodies(await answer)).toEqual([`[${big.length}]`])
    clearInterval(pump)
  })
})

describe('heads that are too much', () => {
  const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `x-${index}: 1`)

  it.each([
    [`GET /${'a'.repeat(8_191)}`, [], 'fine'],
    [`GET /${'a'.repeat(8_192)}`, [], 'uri_too_long'],
    ['GET /', many(98), 'fine'],
    ['GET /', many(99), 'headers_too_large'],
    ['GET /', [`x: ${'v'.repeat(16_384)}`], 'fine'],
    ['GET /', [`x: ${'v'.repeat(16_385)}`], 'headers_too_large'],
  ])('%.20s with %#', async (line, headers, expected) => {
    handle = (exchange) => exchange.sendJson(200, checkHead(exchange.request.head)?.code ?? 'fine')
    expect(await server.send(request(line, [...headers, close]))).toContain(`"${expected}"`)
  })

  it('are refused without a host under HTTP/1.1 alone', async () => {
    handle = (exchange) => exchange.sendJson(200, checkHead(exchange.request.head)?.code ?? 'fine')
    expect(await server.send('GET / HTTP/1.1\r\nconnection: close\r\n\r\n')).toContain('"invalid_request"')
    expect(await server.send('GET / HTTP/1.0\r\n\r\n')).toContain('"fine"')
  })
})

describe('what is no request', () => {
  it.each([
    ['no HTTP', 'NONSENSE\r\n\r\n', 400],
    ['two lengths', request('POST /', ['content-length: 1', 'content-length: 2']), 400],
    ['a malformed chunk', request('POST /', ['transfer-encoding: chunked'], 'x\r\n'), 400],
    ['too large a head', request('GET /', [`x: ${'v'.repeat(40_000)}`]), 431],
    ['a head without an end', `GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(10_000)}`, 431],
  ])('%s is answered with JSON and the connection ends', async (_, text, status) => {
    const [head = '', body = ''] = (await server.send(text)).split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(head).toMatch(/\r\nx-routeiq-error-origin: gateway\r\nx-request-id: [0-9a-f-]{36}\r\n/)
    expect(head).toContain(`content-length: ${body.length}`)
    expect(JSON.parse(body).error).toMatchObject({
      type: 'invalid_request_error',
      param: null,
      code: String(status),
    })
  })

  it('never becomes a second head in an answer under way', async () => {
    handle = ({ response }) => {
      response.begin(200, '')
      response.write('begun', 'latin1')
    }
    const socket = await server.connect(request('POST /', ['transfer-encoding: chunked']))
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString()
    })
    await until(() => received.includes('begun'))
    socket.write('no chunk\r\n')
    await once(socket, 'close')
    expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1)
  })
})

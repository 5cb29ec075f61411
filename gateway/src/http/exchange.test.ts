import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Exchange } from './exchange.ts'
import { type ExchangeServer, rawRequest, startExchangeServer, until } from './testing/exchange-server.ts'

let server: ExchangeServer
let handle: (exchange: Exchange) => void = () => {}
let events: string[] = []

beforeAll(async () => {
  server = await startExchangeServer((exchange) => handle(exchange))
})
afterAll(() => server.close())
beforeEach(() => {
  events = []
})

const get = rawRequest('GET', '/x?y=1', ['x-many: 1', 'x-many: 2'])

describe('an answer', () => {
  it('carries id, version and length, and closes the exchange once', async () => {
    handle = (exchange) => {
      exchange.onClosed = () => events.push('closed')
      exchange.whenClientGone(() => events.push('gone'))
      exchange.sendJson(201, { text: 'é' }, ['x-a', '1'])
    }
    const [head, body] = (await server.send(get)).split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1.1 201 /)
    expect(head).toMatch(/\r\nx-request-id: [0-9a-f-]{36}\r\n/)
    expect(head).toMatch(/\r\nx-routeiq-version: \S+/)
    expect(head).toContain('\r\nx-a: 1\r\n')
    expect(head).toContain('\r\ncontent-length: 13\r\n')
    expect(Buffer.from(body ?? '', 'latin1').toString()).toBe('{"text":"é"}')
    await until(() => events.length > 0)
    expect(events).toEqual(['closed'])
  })

  it('is sent once; what comes later is dropped', async () => {
    handle = (exchange) => {
      exchange.sendText(200, 'text/plain', 'first')
      exchange.sendJson(500, { second: true })
    }
    const answer = await server.send(get)
    expect(answer).toContain('first')
    expect(answer).not.toContain('second')
  })

  it('to HEAD has the length and no body', async () => {
    handle = (exchange) => exchange.sendText(200, 'text/plain', 'hello')
    const [head, body] = (await server.send(rawRequest('HEAD', '/'))).split('\r\n\r\n')
    expect(head).toContain('content-length: 5')
    expect(body).toBe('')
  })

  it('keeps headers that were set before, those of CORS for example', async () => {
    handle = (exchange) => {
      exchange.response.extraLines = 'vary: origin\r\n'
      exchange.sendJson(200, {})
    }
    expect(await server.send(get)).toContain('\r\nvary: origin\r\n')
  })
})

describe('a client that leaves', () => {
  async function leave(whenLeft: (exchange: Exchange) => void): Promise<Exchange> {
    let open: Exchange | null = null
    handle = (exchange) => {
      exchange.onClosed = () => events.push('closed')
      open = exchange
    }
    const socket = await server.connect(get)
    await until(() => open !== null)
    const exchange = open as unknown as Exchange
    whenLeft(exchange)
    socket.destroy()
    await until(() => exchange.clientGone)
    return exchange
  }

  it('causes the registered action, once', async () => {
    const exchange = await leave((open) => open.whenClientGone(() => events.push('gone')))
    expect(events).toEqual(['closed', 'gone'])
    exchange.sendJson(200, { late: true })
    expect(exchange.response.headersSent).toBe(false)
  })

  it('is told to whoever asks later, and to nobody after null', async () => {
    const exchange = await leave((open) => open.whenClientGone(null))
    expect(events).toEqual(['closed'])
    exchange.whenClientGone(() => events.push('late'))
    expect(events).toEqual(['closed', 'late'])
  })
})

it('reads the first of a repeated header and the target with its query', async () => {
  handle = (exchange) =>
    exchange.sendJson(200, [exchange.target, exchange.header('x-many'), exchange.header('set-cookie')])
  const answer = await server.send(
    rawRequest('GET', '/x?y=1', ['x-many: 1', 'set-cookie: a', 'set-cookie: b']),
  )
  expect(answer).toContain('["/x?y=1","1","a"]')
})

import { GatewayError } from '@routeiq/contract'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AdmissionGate } from './admission-gate.ts'
import { CorsPolicy } from './cors.ts'
import { Dispatcher, type Endpoint } from './dispatch.ts'
import { ClientGone } from './read-body.ts'
import { type Method, Router } from './router.ts'
import type { ErrorSurface } from './send-error.ts'
import { type ExchangeServer, rawRequest, startExchangeServer, until } from './testing/exchange-server.ts'

const unexpected: unknown[] = []
let gate: AdmissionGate
let server: ExchangeServer
let dispatcher: Dispatcher

function endpoint(handle: Endpoint['handle'], errors: ErrorSurface = 'control'): Endpoint {
  return { errors, handle }
}

function route(template: string, handler: Endpoint, method: Method = 'GET') {
  return { method, template, auth: 'public', handler } as const
}

const fail = (thrown: unknown) => () => {
  throw thrown
}
const routes = [
  route(
    '/echo/{name}',
    endpoint((exchange, params) => exchange.sendJson(200, { ...params, template: exchange.template })),
  ),
  route(
    '/probe',
    endpoint((exchange) => exchange.sendJson(200, 'alive')),
  ),
  route(
    '/hang',
    endpoint(() => {}),
  ),
  route('/refuse', endpoint(fail(new GatewayError('not_found', 'Nothing.')), 'openai-chat')),
  route('/crash', endpoint(fail(new Error('secret detail')))),
  route(
    '/reject',
    endpoint(async () => Promise.reject(new TypeError('secret detail'))),
  ),
  route('/gone', endpoint(fail(new ClientGone()))),
  route(
    '/late',
    endpoint((exchange) => {
      exchange.sendJson(200, 'done')
      throw new Error('after the answer')
    }),
  ),
  route('/post', endpoint(fail(new GatewayError('invalid_request', 'Unread.'))), 'POST'),
]

beforeAll(async () => {
  server = await startExchangeServer((exchange) => dispatcher.listen(exchange.request, exchange.response))
})
afterAll(() => server.close())
beforeEach(() => {
  unexpected.length = 0
  gate = new AdmissionGate(1, ['/probe'], { onChange: () => {}, onRefusal: () => {} })
  dispatcher = new Dispatcher({
    router: new Router<Endpoint>(routes),
    proxies: null,
    gate,
    cors: new CorsPolicy(['https://a.test'], false),
    admitPublic: () => null,
    watch: null,
    codeStyle: () => 'symbolic',
    beginTrace: null,
    tracesRoute: null,
    onUnexpectedError: (_, error) => unexpected.push(error),
  })
})

async function send(method: string, target: string, headers: string[] = [], body = '') {
  const [head = '', text = ''] = (await server.send(rawRequest(method, target, headers, body))).split(
    '\r\n\r\n',
  )
  return { status: Number(head.slice(9, 12)), head: head.toLowerCase(), text }
}

describe('routing', () => {
  it('hands parameters and the template to the endpoint', async () => {
    expect((await send('GET', '/v1/echo/a%2Fb')).text).toBe('{"name":"a/b","template":"/echo/{name}"}')
  })

  it('404 and 405 have their documented bodies', async () => {
    const missing = await send('GET', '/nothing')
    expect([missing.status, JSON.parse(missing.text)]).toEqual([
      404,
      {
        detail: 'Not Found',
        error: { message: 'Not Found', type: 'not_found_error', param: null, code: '404' },
      },
    ])
    const wrong = await send('DELETE', '/echo/x')
    expect([wrong.status, wrong.text]).toEqual([405, '{"detail":"Method Not Allowed"}'])
    expect(wrong.head).toContain('\r\nallow: get, head')
    expect(wrong.head).toContain('\r\nx-routeiq-error-origin: gateway')
  })

  it('answers preflight before anything else, and marks errors for allowed origins', async () => {
    gate.enter()
    const asked = ['origin: https://a.test', 'access-control-request-method: POST']
    expect((await send('OPTIONS', '/echo/x', asked)).status).toBe(204)
    expect((await send('GET', '/echo/x', asked)).head).toContain(
      'access-control-allow-origin: https://a.test',
    )
  })
})

describe('errors', () => {
  it('are rendered in the form of the route', async () => {
    const refused = await send('GET', '/refuse')
    expect(JSON.parse(refused.text).error).toMatchObject({ message: 'Nothing.', code: '404' })
    expect(unexpected).toEqual([])
  })

  it.each(['/crash', '/reject'])('of the gateway itself are reported and hidden: %s', async (target) => {
    const { status, text } = await send('GET', target)
    expect([status, JSON.parse(text).detail.error]).toEqual([500, 'internal_error'])
    expect(text).not.toContain('secret')
    expect(unexpected).toMatchObject([{ message: 'secret detail' }])
  })

  it('after the answer are reported and send nothing more', async () => {
    expect((await send('GET', '/late')).text).toBe('"done"')
    expect(unexpected).toMatchObject([{ message: 'after the answer' }])
  })

  it('about an unread body close the connection', async () => {
    const [head = ''] = (
      await server.send(
        'POST /post HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\nbegin of a long body',
      )
    ).split('\r\n\r\n')
    expect(head.toLowerCase()).toContain('connection: close')
    expect(head.match(/connection:/gi)).toHaveLength(1)
  })
})

describe('slots', () => {
  it('are given back after every kind of end', async () => {
    for (const target of ['/echo/x', '/nothing', '/refuse', '/crash', '/reject', '/late']) {
      await send('GET', target)
      await until(() => gate.active === 0)
    }
    const socket = await server.connect(rawRequest('GET', '/hang'))
    await until(() => gate.active === 1)
    socket.destroy()
    await until(() => gate.active === 0)
  })

  it('that are all taken refuse with 503, probes excepted', async () => {
    gate.enter()
    const refused = await send('POST', '/post', [], '{}')
    expect([refused.status, JSON.parse(refused.text)]).toMatchObject([503, { error: 'over_capacity' }])
    expect(refused.head).toContain('retry-after: 1')
    expect((await send('GET', '/probe?x=1')).text).toBe('"alive"')
    expect(gate.active).toBe(1)
  })

  it('are not taken by a request whose head is refused', async () => {
    const { status, text } = await send('GET', `/${'a'.repeat(9_000)}`)
    expect([status, JSON.parse(text).error.code]).toEqual([414, '414'])
    expect(gate.active).toBe(0)
  })

  it('are refused while draining, and the connection ends', async () => {
    await gate.drain(0)
    const { status, head, text } = await send('GET', '/echo/x')
    expect([status, JSON.parse(text).error]).toEqual([503, 'draining'])
    expect(head).toContain('connection: close')
  })

  it('a client that left is answered with nothing', async () => {
    const socket = await server.connect(rawRequest('GET', '/gone'))
    await until(() => gate.active === 1)
    socket.destroy()
    await until(() => gate.active === 0)
    expect(unexpected).toEqual([])
  })
})

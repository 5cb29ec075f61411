import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CorsPolicy } from './cors.ts'
import { type ExchangeServer, rawRequest, startExchangeServer } from './testing/exchange-server.ts'

let server: ExchangeServer
let policy = new CorsPolicy([], false)

beforeAll(async () => {
  server = await startExchangeServer((exchange) => {
    if (!policy.apply(exchange.request, exchange.response)) exchange.sendJson(200, { answered: true })
  })
})
afterAll(() => server.close())

async function ask(origins: string[], credentials: boolean, method: string, headers: string[]) {
  policy = new CorsPolicy(origins, credentials)
  const [head = '', body] = (await server.send(rawRequest(method, '/x', headers))).split('\r\n\r\n')
  const lines = head.toLowerCase().split('\r\n')
  const value = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
  return {
    status: Number(head.slice(9, 12)),
    body,
    origin: value('access-control-allow-origin'),
    credentials: value('access-control-allow-credentials'),
    headers: value('access-control-allow-headers'),
    methods: value('access-control-allow-methods'),
    exposed: value('access-control-expose-headers'),
    vary: value('vary'),
  }
}

const origin = (value: string): string[] => [`origin: ${value}`]
const preflight = [
  'access-control-request-method: POST',
  'access-control-request-headers: authorization, x-a',
]

describe('answers', () => {
  it.each([
    [[], 'https://a.test', undefined],
    [['https://a.test'], 'https://a.test', 'https://a.test'],
    [['https://a.test'], 'https://b.test', undefined],
    [['https://a.test'], 'https://a.test.evil', undefined],
    [['https://a.test'], 'http://a.test', undefined],
    [['https://a.test', 'https://b.test'], 'https://b.test', 'https://b.test'],
    [['*'], 'https://a.test', '*'],
    [['*'], 'null', undefined],
    [['null'], 'null', undefined],
  ])('for origins %j and a page of %s', async (origins, from, allowed) => {
    const answer = await ask(origins, true, 'GET', origin(from))
    expect([answer.status, answer.origin]).toEqual([200, allowed])
    expect(answer.vary).toBe(allowed === undefined ? undefined : 'origin')
    for (const name of ['x-request-id', 'x-routeiq-skills-mode', 'x-routeiq-skills-dropped'])
      expect(answer.exposed?.includes(name)).toBe(allowed === undefined ? undefined : true)
    expect(answer.credentials).toBe(allowed === undefined || allowed === '*' ? undefined : 'true')
  })

  it('say nothing without an origin and nothing of credentials unless configured', async () => {
    expect((await ask(['*'], false, 'GET', [])).origin).toBeUndefined()
    expect(
      (await ask(['https://a.test'], false, 'GET', origin('https://a.test'))).credentials,
    ).toBeUndefined()
  })
})

describe('preflight', () => {
  it('is answered for an allowed origin', async () => {
    const answer = await ask(['https://a.test'], true, 'OPTIONS', [...origin('https://a.test'), ...preflight])
    expect(answer).toMatchObject({
      status: 204,
      body: '',
      origin: 'https://a.test',
      credentials: 'true',
      headers: 'authorization, x-a',
      methods: expect.stringContaining('post'),
    })
  })

  it('goes on to the routes for any other origin, and when it is no preflight', async () => {
    const refused = await ask(['https://a.test'], true, 'OPTIONS', [
      ...origin('https://b.test'),
      ...preflight,
    ])
    expect([refused.status, refused.origin, refused.methods]).toEqual([200, undefined, undefined])
    const plain = await ask(['https://a.test'], true, 'OPTIONS', origin('https://a.test'))
    expect([plain.status, plain.origin, plain.methods]).toEqual([200, 'https://a.test', undefined])
  })
})

import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

const seen: Seen[] = []
let api: http.Server
let base = ''
let gateway: Gateway

const document = {
  openapi: '3.1.0',
  info: { title: 'Tickets', version: '1' },
  servers: [{ url: 'http://169.254.169.254' }],
  paths: {
    '/tickets/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      get: {
        operationId: 'getTicket',
        summary: 'Reads a ticket',
        description: 'With its comments.',
        parameters: [
          { name: 'fields', in: 'query', schema: { type: 'array', items: { type: 'string' } } },
          { name: 'id', in: 'query', schema: { type: 'integer' } },
          { name: 'X-Trace', in: 'header', schema: { type: 'string' } },
          { name: 'Authorization', in: 'header', schema: { type: 'string' } },
          { name: 'session', in: 'cookie', schema: { type: 'string' } },
        ],
      },
      delete: {},
    },
    '/tickets': {
      post: {
        operationId: 'createTicket',
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Ticket' } } },
        },
      },
    },
  },
  components: {
    schemas: {
      Ticket: {
        type: 'object',
        properties: { title: { type: 'string' }, parent: { $ref: '#/components/schemas/Ticket' } },
        required: ['title'],
      },
    },
  },
}

beforeAll(async () => {
  api = http.createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = '', url = '', headers } = request
    seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() })
    const status = url.includes('missing') ? 404 : 200
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ id: 7, status }))
  })
  api.listen(0, '127.0.0.1')
  await once(api, 'listening')
  base = `http://127.0.0.1:${(api.address() as AddressInfo).port}/v2`
  gateway = await startGateway({
    config: {
      mcp_servers: {
        tickets: {
          url: base,
          transport: 'http',
          spec_path: document,
          auth_type: 'bearer_token',
          auth_value: 'own',
        },
      },
    },
  })
  await waitUntil('the document was read', async () => (await describeTool('getTicket')).status === 200)
})
afterAll(async () => {
  await gateway?.stop()
  api?.close()
})

const describeTool = (name: string) =>
  call(gateway.url, `/llmrouter/mcp/tools/${name}`, { key: gateway.masterKey })
const use = (name: string, args: object) =>
  call(gateway.url, '/mcp-rest/tools/call', { key: gateway.masterKey, body: { name, arguments: args } })

describe('an OpenAPI document', () => {
  it('becomes tools with the parameters of its operations', async () => {
    expect((await describeTool('getTicket')).json()).toMatchObject({
      description: 'Reads a ticket\n\nWith its comments.',
      input_schema: {
        properties: {
          id_path: { type: 'string' },
          id_query: { type: 'integer' },
          fields: { type: 'array' },
          'X-Trace': { type: 'string' },
        },
        required: ['id_path'],
      },
    })
    const { properties } = (await describeTool('getTicket')).json().input_schema
    expect(Object.keys(properties)).toHaveLength(4)
    expect((await describeTool('createTicket')).json().input_schema).toMatchObject({
      properties: { body: { required: ['title'] } },
      required: ['body'],
    })
    expect((await describeTool('delete_tickets_id')).status).toBe(200)
  })

  it('is called at the registered address alone, with the credential of the server', async () => {
    const answer = await use('getTicket', {
      id_path: 'a/../b',
      id_query: 3,
      fields: ['x', 'y'],
      'X-Trace': 't',
    })
    expect(answer.json()).toMatchObject({ structuredContent: { id: 7 }, content: [{ type: 'text' }] })
    expect(seen.at(-1)).toMatchObject({
      method: 'GET',
      url: '/v2/tickets/a%2F..%2Fb?fields=x&fields=y&id=3',
      headers: { authorization: 'Bearer own', 'x-trace': 't' },
    })
    await use('createTicket', { body: { title: 'T' } })
    expect(seen.at(-1)).toMatchObject({ method: 'POST', url: '/v2/tickets', body: '{"title":"T"}' })
  })

  it('answers failures as failed tools, and refuses what does not fit', async () => {
    expect((await use('getTicket', { id_path: 'missing' })).json()).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('Status 404') }],
    })
    const before = seen.length
    for (const args of [{ id_path: '..' }, {}, { id_path: 'a', id_query: 'x' }])
      expect((await use('getTicket', args)).status, JSON.stringify(args)).toBe(400)
    expect(seen).toHaveLength(before)
  })

  it.each([
    [{ openapi: '2.0' }, '3.0 or 3.1'],
    [
      { ...document, paths: { '/x': { get: { parameters: [{ $ref: 'https://evil.test/p' }] } } } },
      'leads out',
    ],
    [{ ...document, paths: { '/x': { get: { operationId: 'a' }, put: { operationId: 'a' } } } }, 'called a'],
    [{ ...document, paths: { '/x': { get: { parameters: [{ $ref: '#/nowhere' }] } } } }, 'leads nowhere'],
  ])('that cannot be used is refused at registration: %#', async (spec_path, words) => {
    const body = { server_id: 'bad', name: 'bad', url: 'https://api.example.com', spec_path }
    const answer = await call(gateway.url, '/llmrouter/mcp/servers', { key: gateway.masterKey, body })
    expect([answer.status, answer.json().detail]).toMatchObject([400, { error: 'invalid_request' }])
    expect(answer.text).toContain(words)
  })

  it('in a file is only for servers of the configuration', async () => {
    const body = { server_id: 'bad', name: 'bad', url: 'https://api.example.com', spec_path: '/etc/passwd' }
    const answer = await call(gateway.url, '/llmrouter/mcp/servers', { key: gateway.masterKey, body })
    expect([answer.status, answer.json().detail.error]).toEqual([400, 'invalid_url'])
  })
})

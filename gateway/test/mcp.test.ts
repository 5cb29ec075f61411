import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'
import { startToolServer, type ToolServer } from './mcp-servers/start-server.ts'

let modern: ToolServer
let legacy: ToolServer
let gateway: Gateway

beforeAll(async () => {
  ;[modern, legacy] = await Promise.all([startToolServer('modern'), startToolServer('sessions')])
  gateway = await startGateway({
    config: {
      mcp_servers: {
        new: { url: modern.url, transport: 'http' },
        old: { url: legacy.url, transport: 'http' },
      },
    },
  })
  await waitUntil('both servers have answered', async () => {
    const { servers } = (await get('/v1/llmrouter/mcp/server/health')).json()
    return servers.every(({ status }: { status: string }) => status === 'healthy')
  })
})
afterAll(async () => {
  await gateway?.stop()
  modern?.stop()
  legacy?.stop()
})

const get = (path: string) => call(gateway.url, path, { key: gateway.masterKey })

describe('the gateway for tool servers', () => {
  it('knows what its servers offer', async () => {
    const { tools } = (await get('/llmrouter/mcp/tools')).json()
    expect(tools).toContainEqual({ server_id: 'new', server_name: 'new', tool: 'echo' })
    expect(tools).toContainEqual({ server_id: 'old', server_name: 'old', tool: 'echo' })
  })

  it.each(['new', 'old'])('calls a tool of the %s server', async (server_id) => {
    const body = { name: 'echo', arguments: { text: 'hi' }, server_id }
    const answer = await call(gateway.url, '/mcp-rest/tools/call', { key: gateway.masterKey, body })
    expect(answer.json()).toMatchObject({
      content: [{ type: 'text', text: 'hi' }],
      status: 'success',
      tool_name: 'echo',
      server_id,
    })
  })
})

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { startGateway } from './harness/start-gateway.ts'
import { startToolServer } from './mcp-servers/start-server.ts'

const page = readFileSync(new URL('../../docs/mcp.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```bash\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '')

it('the examples of docs/mcp.md do what the page says', async () => {
  const upstream = await startToolServer('modern')
  const gateway = await startGateway({
    config: { mcp_servers: { tickets: { url: upstream.url, transport: 'http' } } },
  })
  try {
    const { key } = await gateway.createKey()
    const { masterKey } = gateway
    const env = { PATH: process.env['PATH'] ?? '', BASE: gateway.url, KEY: key, MASTER_KEY: masterKey }
    const answers: string[] = []
    for (const block of blocks) {
      const script = block.replaceAll(/^curl /gm, 'echo; curl ')
      const { stdout } = await promisify(execFile)('sh', ['-ec', script], { env })
      answers.push(...stdout.split('\n').filter((text) => /^(?:data: )?\{/.test(text)))
    }
    const server = { server_id: 'my-mcp-server' }
    expect(answers.map((text) => JSON.parse(text.replace('data: ', '')))).toMatchObject([
      { status: 'registered', ...server },
      { servers: [server, { server_id: 'tickets' }] },
      { ...server, tools: ['fetch', 'search'] },
      { ...server, status: expect.any(String) },
      { status: 'unregistered', ...server },
      { jsonrpc: '2.0', result: { tools: expect.any(Array) } },
      { tools: expect.any(Array), count: expect.any(Number) },
      { tools: expect.any(Array), error: null },
      { servers: [{ server: { name: 'tickets' } }] },
      { servers: [], metadata: { count: 0 } },
      { server: { name: 'local.routeiq/tickets' } },
      { status: 'stored', server_id: 'tickets' },
      { has_user_credential: true, type: 'entered' },
      { status: 'deleted', has_user_credential: false },
      { server_id: 'tickets', definitions: expect.any(Array) },
      { jsonrpc: '2.0', result: { skills: [] } },
    ])
  } finally {
    await gateway.stop()
    upstream.stop()
  }
})

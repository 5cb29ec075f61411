import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Browser } from '../harness/browser.ts'
import { call } from '../harness/call-gateway.ts'
import type { Gateway } from '../harness/start-gateway.ts'
import { waitUntil } from '../harness/wait-until.ts'

/** One scenario for a client, as the suite describes it to the program it starts. */
interface Scenario {
  readonly scenario: string
  /** Of the protocol that the suite's server speaks. */
  readonly revision: string
  readonly serverUrl: string
  readonly context: ScenarioContext
}

interface ScenarioContext {
  readonly toolCalls?: readonly ToolCall[]
  readonly client_id?: string
  readonly client_secret?: string
}

interface ToolCall {
  readonly name: string
  readonly arguments: Record<string, unknown>
}

const nowhere = 'http://application.invalid/'
/** Times somebody signs in for one scenario: once, and again when more rights or another account are wanted. */
const maxSignIns = 3

/**
 * Plays the client of the suite's scenarios: registers the server of one at the gateway, signs in where that is wanted, and
 * uses everything the server offers through the gateway. What the suite sees is the gateway as a client.
 */
export async function startPlayer(gateway: Gateway): Promise<{ readonly url: string; close(): void }> {
  let last: Promise<unknown> = Promise.resolve()
  const server = http.createServer((request, response) => {
    // One at a time: the suite starts all of them at once.
    last = last.then(async () => {
      const scenario = JSON.parse(await text(request)) as Scenario
      const problem = await play(gateway, scenario).then(
        () => null,
        (error: unknown) => `${scenario.scenario}: ${error}`,
      )
      response.writeHead(problem === null ? 200 : 500).end(problem ?? '')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function play(gateway: Gateway, scenario: Scenario): Promise<void> {
  const serverId = await register(gateway, scenario)
  try {
    await useSignedIn(gateway, serverId, scenario)
  } finally {
    // The suite waits until nobody is connected to its server.
    await call(gateway.url, `/v1/mcp/server/${serverId}`, { key: gateway.masterKey, method: 'DELETE' })
  }
}

async function useSignedIn(gateway: Gateway, serverId: string, scenario: Scenario): Promise<void> {
  const { key } = await gateway.createKey()
  let wantsAccount = (await settle(gateway, serverId)) === 'auth_required'
  for (let signIns = 0; signIns < maxSignIns; signIns += 1) {
    if (wantsAccount) await signIn(gateway, key, serverId)
    wantsAccount = await use(gateway, key, serverId, scenario)
    if (!wantsAccount) return
  }
  throw new Error(`it still wants an account after ${maxSignIns} sign-ins`)
}

/** Registers the scenario's server; resolves with its id. */
async function register(gateway: Gateway, { scenario, serverUrl, context }: Scenario): Promise<string> {
  const { client_id, client_secret } = context
  const answer = await call(gateway.url, '/v1/mcp/server', {
    key: gateway.masterKey,
    body: {
      ...{ url: serverUrl, transport: 'http' },
      ...(scenario.startsWith('auth/') && { auth_type: 'oauth2' }),
      ...(client_id !== undefined && { client_id }),
      ...(client_secret !== undefined && { client_secret }),
    },
  })
  if (answer.status !== 201) throw new Error(`the server could not be registered: ${answer.text}`)
  return answer.json().server_id
}

/** The state of a server once the gateway has asked what it offers. */
async function settle(gateway: Gateway, serverId: string): Promise<string> {
  const path = `/v1/llmrouter/mcp/server/${serverId}/health`
  const statusOf = async () => (await call(gateway.url, path, { key: gateway.masterKey })).json().status
  await waitUntil('the gateway knows the server', async () => (await statusOf()) !== 'unknown')
  return statusOf()
}

/** As a person in a browser does. Errors: when the gateway does not believe the answer of the authorization server. */
async function signIn(gateway: Gateway, key: string, serverId: string): Promise<void> {
  const session = await call(gateway.url, '/v1/mcp/server/oauth/session', {
    key,
    body: { server_id: serverId },
  })
  const browser = new Browser(nowhere)
  const page = await browser.open(session.json().authorize_url)
  const end = await browser.submit(page, { decision: 'allow' })
  if (end.status !== 200) throw new Error(`signing in ended with ${end.status}: ${end.text}`)
}

/** Uses all a server offers. Resolves with whether that wants an account, or one with more rights. */
async function use(
  gateway: Gateway,
  key: string,
  serverId: string,
  { revision, context }: Scenario,
): Promise<boolean> {
  const client = await connect(gateway, key, serverId, revision)
  try {
    const toolCalls = context.toolCalls ?? (await inventCalls(gateway, key, serverId))
    let isSentToSignIn = false
    for (const toolCall of toolCalls) {
      const result = await client.callTool(toolCall).catch((error: unknown) => error)
      isSentToSignIn ||= /\/authorize\?session_id=/.test(JSON.stringify(result))
    }
    const { resources, prompts } = client.getServerCapabilities() ?? {}
    if (resources !== undefined)
      for (const { uri } of (await client.listResources()).resources) await client.readResource({ uri })
    if (prompts !== undefined)
      for (const { name } of (await client.listPrompts()).prompts) await client.getPrompt({ name })
    return isSentToSignIn || (toolCalls.length === 0 && (await settle(gateway, serverId)) === 'auth_required')
  } finally {
    await client.close()
  }
}

async function connect(gateway: Gateway, key: string, serverId: string, revision: string): Promise<Client> {
  const client = new Client(
    { name: 'player', version: '1' },
    {
      capabilities: { elicitation: { form: { applyDefaults: true } } },
      versionNegotiation: { mode: revision === '2026-07-28' ? { pin: '2026-07-28' } : 'legacy' },
    },
  )
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} }))
  const requestInit = { headers: { authorization: `Bearer ${key}` } }
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp/${serverId}`), { requestInit }),
  )
  await client.listTools()
  return client
}

/** A call of every tool that the gateway has for the server. */
async function inventCalls(gateway: Gateway, key: string, serverId: string): Promise<ToolCall[]> {
  const list = async () => {
    const answer = await call(gateway.url, `/mcp-rest/tools/list?server_id=${serverId}`, { key })
    const { tools, error } = answer.json() as { tools: Tool[]; error: string | null }
    return error === null || (await settle(gateway, serverId)) === 'auth_required' ? tools : null
  }
  const tools = await waitUntil('the gateway knows the tools', list)
  return tools.map(({ name, inputSchema }) => ({ name, arguments: inventArguments(inputSchema) }))
}

interface Tool {
  readonly name: string
  readonly inputSchema: Schema
}

interface Schema {
  readonly properties?: Readonly<Record<string, { readonly type?: string }>>
}

function inventArguments({ properties = {} }: Schema): Record<string, unknown> {
  const samples: Readonly<Record<string, unknown>> = {
    ...{ number: 2, integer: 2, boolean: true, object: {}, array: [] },
  }
  return Object.fromEntries(
    Object.entries(properties).map(([name, { type = 'string' }]) => [name, samples[type] ?? 'text']),
  )
}

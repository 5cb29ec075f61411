import { randomUUID } from 'node:crypto'
import type {
  PluginAgents,
  PluginConfigSync,
  PluginResilience,
  PluginRouting,
  PluginTools,
} from '@routeiq/contract'
import { z } from 'zod'
import type { PluginStrategies } from './plugin-strategies.ts'

/** One request of a plugin at the gateway's own routes. */
export interface OwnRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body: object
  readonly requestId: string
}

interface OwnAnswer {
  readonly status: number
  readonly body: unknown
}

/** Asks a route of the gateway as an admin. Errors: rejects where no key of an admin is configured. */
export type AskOwnRoute = (request: OwnRequest) => Promise<OwnAnswer>

export interface PluginPlanesOptions {
  readonly plugin: string
  readonly ask: AskOwnRoute
  readonly strategies: PluginStrategies
  /** Of the capability `ROUTING_STRATEGY`. */
  readonly mayRoute: boolean
  readonly isMcpOn: () => boolean
  readonly isA2aOn: () => boolean
  /** Secrets are masked. */
  readonly currentConfig: () => unknown
}

const record = z.record(z.string(), z.unknown())
const listOf = (name: string) => z.object({ [name]: z.array(record) }).transform((body) => body[name] ?? [])
const servers = listOf('servers')
const tools = listOf('tools')
const agents = listOf('agents')
const strategies = listOf('strategies')
const breakers = z.object({ breakers: z.array(record), is_degraded: z.boolean() })
const routing = z.object({
  active_strategy: z.string(),
  ab_testing: z.object({ weights: z.record(z.string(), z.number()).nullable() }),
})
const failure = z.object({ error: z.object({ message: z.string() }) })
const rpcAnswer = z.object({ result: z.unknown(), error: z.object({ message: z.string() }).optional() })

/**
 * The planes of the gateway as a plugin reaches them: its own routes, without a connection. Everything is checked, limited and
 * recorded as it is for an admin who calls them; the request id names the plugin.
 */
export class PluginPlanes {
  readonly #options: PluginPlanesOptions

  constructor(options: PluginPlanesOptions) {
    this.#options = options
  }

  get mcp(): PluginTools {
    const root = '/llmrouter/mcp'
    return {
      isEnabled: this.#options.isMcpOn,
      registerServer: (server) => this.#post(`${root}/servers`, server),
      unregisterServer: (serverId) => this.#remove(`${root}/servers/${encodeURIComponent(serverId)}`),
      listServers: async () => servers.parse(await this.#get(`${root}/servers`)),
      listTools: async () => tools.parse(await this.#get(`${root}/tools/list`)),
      invokeTool: (name, args, serverId) =>
        this.#post('/mcp-rest/tools/call', {
          ...{ name, arguments: args },
          ...(serverId === undefined ? {} : { server_id: serverId }),
        }),
    }
  }

  get a2a(): PluginAgents {
    return {
      isEnabled: this.#options.isA2aOn,
      registerAgent: (agent) => this.#post('/a2a/agents', agent),
      unregisterAgent: (agentId) => this.#remove(`/a2a/agents/${encodeURIComponent(agentId)}`),
      listAgents: async () => agents.parse(await this.#get('/a2a/agents')),
      invokeAgent: async (agent, message) => {
        const call = { jsonrpc: '2.0', id: '1', method: 'message/send', params: { message } }
        const answer = rpcAnswer.parse(await this.#post(`/a2a/${encodeURIComponent(agent)}`, call))
        if (answer.error !== undefined) throw new Error(answer.error.message)
        return record.parse(answer.result)
      },
    }
  }

  get configSync(): PluginConfigSync {
    return {
      forceSync: () => this.#post('/config/reload', { force_sync: true }),
      getStatus: () => this.#get('/config/sync/status'),
      getCurrentConfig: this.#options.currentConfig,
    }
  }

  get routing(): PluginRouting {
    const path = '/api/v1/routeiq/routing/config'
    const read = async () => routing.parse(await this.#get(path))
    return {
      listStrategies: async () => strategies.parse(await this.#get('/llmrouter/strategies/compare')),
      getActiveStrategy: async () => (await read()).active_strategy,
      setActiveStrategy: async (name) => {
        await this.#post(path, { active_strategy: name })
      },
      getWeights: async () => (await read()).ab_testing.weights ?? {},
      registerStrategy: (name, advise) => {
        if (!this.#options.mayRoute)
          throw new TypeError('only a plugin with the capability ROUTING_STRATEGY may register a strategy')
        this.#options.strategies.add(name, advise)
      },
    }
  }

  get resilience(): PluginResilience {
    const path = '/api/v1/routeiq/breakers'
    const read = async () => breakers.parse(await this.#get(path))
    return {
      getCircuitBreakerStatus: async () => (await read()).breakers,
      isDegraded: async () => (await read()).is_degraded,
      forceOpen: async (name, seconds) => {
        const body = seconds === undefined ? {} : { duration_seconds: seconds }
        await this.#post(`${path}/${encodeURIComponent(name)}/open`, body)
      },
      forceClose: async (name) => {
        await this.#post(`${path}/${encodeURIComponent(name)}/close`, {})
      },
    }
  }

  #get(path: string): Promise<Record<string, unknown>> {
    return this.#ask('GET', path, {})
  }

  #post(path: string, body: object): Promise<Record<string, unknown>> {
    return this.#ask('POST', path, body)
  }

  #remove(path: string): Promise<Record<string, unknown>> {
    return this.#ask('DELETE', path, {})
  }

  async #ask(method: OwnRequest['method'], path: string, body: object): Promise<Record<string, unknown>> {
    const { plugin, ask } = this.#options
    const requestId = `plugin-${plugin}-${randomUUID()}`
    const answer = await ask({ method, path, body, requestId })
    if (answer.status < 400) return record.parse(answer.body)
    const said = failure.safeParse(answer.body)
    throw new Error(said.success ? said.data.error.message : `${method} ${path}: status ${answer.status}`)
  }
}

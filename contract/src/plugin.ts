/**
 * What a plugin may be for. Some open doors of the gateway: `ROUTES` adds routes, `GUARDRAIL` refuses calls of models,
 * `ROUTING_STRATEGY` registers strategies, `TOOL_RUNTIME` reaches tool servers and agents, `EVALUATOR` judges their answers,
 * `AUTH_PROVIDER` says whom tokens stand for that are no keys of the gateway.
 */
export const pluginCapabilities = [
  'ROUTES',
  'ROUTING_STRATEGY',
  'TOOL_RUNTIME',
  'EVALUATOR',
  'OBSERVABILITY_EXPORTER',
  'MIDDLEWARE',
  'AUTH_PROVIDER',
  'GUARDRAIL',
  'CACHE',
  'COST_TRACKER',
] as const

export type PluginCapability = (typeof pluginCapabilities)[number]

/**
 * What follows when a plugin throws or takes too long: `continue` goes on without it, `abort` ends the start or answers the
 * request with 500, `quarantine` goes on and calls the plugin no more.
 */
export const pluginFailureModes = ['continue', 'abort', 'quarantine'] as const

export type PluginFailureMode = (typeof pluginFailureModes)[number]

/** Who a plugin is. A plugin without any is called like its class and declares nothing. */
export interface PluginMetadata {
  readonly name: string
  /** `0.0.0` unless given. */
  readonly version?: string
  readonly capabilities?: readonly PluginCapability[]
  /** Names of plugins that start before this one. */
  readonly dependsOn?: readonly string[]
  /** Lower comes earlier; 1000 unless given. */
  readonly priority?: number
  readonly failureMode?: PluginFailureMode
  readonly description?: string
}

/** One HTTP request as plugins see it. Credentials are taken out of headers and query. */
export interface PluginRequest {
  readonly method: string
  readonly path: string
  readonly queryString: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly clientIp: string | null
  readonly requestId: string
  readonly contentType: string | null
}

/** Answers a request in place of the gateway. */
export interface PluginAnswer {
  /** 403 unless given. */
  readonly statusCode?: number
  /** `{"error": "blocked_by_plugin"}` unless given; gets `request_id` and `message` where it has none. */
  readonly body?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

/** A call of a model. */
export interface PluginCall {
  /** As the client asked for it. */
  readonly model: string
  /** The same for every attempt of one request. */
  readonly requestId: string
  /** `openai-chat`, `anthropic-messages`, …: the form of body and answer. */
  readonly dialect: string
  /** `chat`, `embedding`, … */
  readonly operation: string
  readonly caller: {
    readonly keyAlias: string | null
    readonly userId: string | null
    readonly teamId: string | null
    readonly organizationId: string | null
  }
  /** The client's body. */
  readonly body: Readonly<Record<string, unknown>>
}

/** What a plugin wants done with a call before it is made. */
export type PluginVerdict =
  /** Members of the body to set; `model` and `stream` stay as they were admitted. */
  | (Readonly<Record<string, unknown>> & { readonly shortCircuit?: never; readonly deny?: never })
  /** The answer, in the client's dialect and not streamed; no provider is asked. */
  | { readonly shortCircuit: Readonly<Record<string, unknown>> }
  /** For the capability `GUARDRAIL`: refuses the call with 446 `guardrail_denied`. */
  | { readonly deny: { readonly message: string; readonly id?: string } }

/** What a model has answered, before the client gets any of it. */
export interface PluginModelAnswer {
  /** What it wrote, thought and refused, in order. Arguments of tools, and what tools of its provider found, are not among it. */
  readonly texts: readonly string[]
}

/** What a plugin wants done with an answer. */
export type PluginAnswerVerdict =
  /** Refuses it with 446 `guardrail_denied`. */
  | { readonly deny: { readonly message: string; readonly id?: string } }
  /** Other texts, as many, in the places of those it was shown. */
  | { readonly texts: readonly string[] }

/** How a call of a model ended. */
export interface PluginResponse {
  readonly status: number
  readonly provider: string | null
  readonly deploymentId: string | null
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  readonly costUsd: number | null
  readonly cacheHit: boolean
  readonly stream: boolean
  readonly durationMs: number
  /** The answer in the client's dialect, streams put together; null where it was too long to remember or no JSON. */
  readonly body: Readonly<Record<string, unknown>> | null
}

export interface PluginError {
  readonly code: string
  readonly status: number
  readonly message: string
}

/** Whom a token stands for. It is held to whatever a virtual key with these members would be held to. */
export interface PluginPrincipal {
  /** The same for all tokens of one holder: what the holder uses and spends is counted by it. */
  readonly id: string
  readonly userId?: string
  /** A team there is. */
  readonly teamId?: string
  /** An organization there is. */
  readonly organizationId?: string
  /** Names, wildcards and access groups; all unless given. */
  readonly models?: readonly string[]
  /** Groups of routes, paths, or paths ending in `*`; all unless given. */
  readonly allowedRoutes?: readonly string[]
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly requestsPerMinute?: number
  readonly tokensPerMinute?: number
  readonly parallelRequests?: number
  readonly maxBudgetUsd?: number
  /** `30d`, `1mo`, …; without it the budget never begins anew. */
  readonly budgetDuration?: string
  /** Epoch milliseconds from which on the token is refused. */
  readonly expiresAt?: number
}

/** A route's request as a plugin's handler gets it. */
export interface PluginRouteRequest extends PluginRequest {
  readonly params: Readonly<Record<string, string>>
  /** Parsed JSON; `{}` without a body, undefined for GET and DELETE. */
  readonly body: unknown
  /** Null on public routes. */
  readonly caller: PluginCall['caller'] | null
}

export interface PluginRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `/reports/{id}`: literal segments and `{name}`. */
  readonly path: string
  /** Who may call it; `user`, everybody with a key, unless given. */
  readonly auth?: 'public' | 'user' | 'admin'
  handler(request: PluginRouteRequest): PluginAnswer | Promise<PluginAnswer>
}

/** What the capability `ROUTES` opens; for use in `startup`. */
export interface PluginApp {
  addRoute(route: PluginRoute): void
}

export interface PluginLogger {
  debug(message: string, fields?: Readonly<Record<string, string | number | boolean | null>>): void
  info(message: string, fields?: Readonly<Record<string, string | number | boolean | null>>): void
  warn(message: string, fields?: Readonly<Record<string, string | number | boolean | null>>): void
  error(message: string, fields?: Readonly<Record<string, string | number | boolean | null>>): void
}

export interface PluginMetricOptions {
  /** Lower case, digits and underscores. */
  readonly name: string
  readonly help?: string
  readonly labels?: readonly string[]
}

/** Makes metrics, at `/metrics`. Every name can be made once, so make them in `startup`. */
export interface PluginMeter {
  /** `plugin_<plugin>_<name>_total` */
  createCounter(options: PluginMetricOptions): {
    add(labels?: Readonly<Record<string, string>>, amount?: number): void
  }
  /** `plugin_<plugin>_<name>`; the bounds of its buckets are those of seconds, 0.005 to 10, unless given. */
  createHistogram(options: PluginMetricOptions & { readonly buckets?: readonly number[] }): {
    observe(value: number, labels?: Readonly<Record<string, string>>): void
  }
}

/** Metrics of a plugin. */
export interface PluginMetrics extends PluginMeter {
  /** One that puts its own name in front of those of its metrics: `plugin_<plugin>_<meter>_<name>`. */
  getMeter(name: string): PluginMeter
}

export interface PluginModel {
  readonly modelName: string
  readonly modelId: string
  readonly provider: string
  readonly upstreamModel: string
}

/** An object as a route of the gateway takes or answers it. */
type Json = Readonly<Record<string, unknown>>

/** Tool servers, as the routes `/llmrouter/mcp/…` and `/mcp-rest/tools/call` have them. Rejects with what they refuse. */
export interface PluginTools {
  isEnabled(): boolean
  /** `{server_id, name, url, …}`; replaces one with its id. */
  registerServer(server: Json): Promise<Json>
  unregisterServer(serverId: string): Promise<Json>
  listServers(): Promise<readonly Json[]>
  listTools(): Promise<readonly Json[]>
  /** `serverId` where several servers have a tool of that name. */
  invokeTool(name: string, args: Json, serverId?: string): Promise<Json>
}

/** Agents, as the routes `/a2a/…` have them. Rejects with what they refuse. */
export interface PluginAgents {
  isEnabled(): boolean
  /** `{agent_name, url, …}` */
  registerAgent(agent: Json): Promise<Json>
  unregisterAgent(agentId: string): Promise<Json>
  listAgents(): Promise<readonly Json[]>
  /** Sends one message, `{role, parts, messageId}`; resolves with the message or task it leads to. */
  invokeAgent(agent: string, message: Json): Promise<Json>
}

export interface PluginConfigSync {
  /** Asks the place the configuration is kept at; the answer of `/config/reload`. */
  forceSync(): Promise<Json>
  getStatus(): Promise<Json>
  /** The configuration in force; secrets are masked. */
  getCurrentConfig(): unknown
}

export interface PluginStrategyQuestion {
  /** What the user asks. */
  readonly query: string
  /** Names of the candidates. */
  readonly models: readonly string[]
}

/** Chooses among models: one by name, or a quality from 0 to 1 for some of them. */
export type PluginStrategy = (question: PluginStrategyQuestion) => PluginChoice | Promise<PluginChoice>

export interface PluginChoice {
  readonly model?: string | null
  readonly scores?: Readonly<Record<string, number>> | null
}

export interface PluginRouting {
  listStrategies(): Promise<readonly Json[]>
  getActiveStrategy(): Promise<string>
  setActiveStrategy(name: string): Promise<void>
  /** Of the experiment under way, by variant; empty without one. */
  getWeights(): Promise<Readonly<Record<string, number>>>
  /** For `ROUTING_STRATEGY`. A router asks it by `strategy: llmrouter-custom` and `remote_url: plugin:<name>`. */
  registerStrategy(name: string, strategy: PluginStrategy): void
}

/** Cooldowns as breakers: `deployment:<id>`, `provider:<name>`. */
export interface PluginResilience {
  getCircuitBreakerStatus(): Promise<readonly Json[]>
  isDegraded(): Promise<boolean>
  /** 3600 seconds unless given. */
  forceOpen(name: string, seconds?: number): Promise<void>
  forceClose(name: string): Promise<void>
}

/** An answer of a tool or an agent. */
export interface PluginInvocation {
  readonly requestId: string
  /** Of the tool server, or the agent. */
  readonly serverId: string
  /** Of the tool, or the agent. */
  readonly name: string
  readonly input: Json
  /** Null where there was none. */
  readonly result: Json | null
  /** `success`, or what went wrong. */
  readonly outcome: string
  readonly durationMs: number
}

/** What a plugin thinks of it. */
export interface PluginEvaluation {
  /** From 0 to 1; null for none. */
  readonly score?: number | null
  /** `success` unless given. */
  readonly status?: 'success' | 'error' | 'skipped'
  readonly metadata?: Json
}

/** What the gateway offers a plugin. */
export interface PluginContext {
  /** `ROUTEIQ_PLUGIN_MY_KEY=x` is `{my_key: "x"}`; frozen. */
  readonly settings: Readonly<Record<string, string>>
  readonly logger: PluginLogger
  readonly metrics: PluginMetrics
  readonly models: {
    listModels(): readonly PluginModel[]
    getModel(modelName: string): PluginModel | null
  }
  /** For `TOOL_RUNTIME`; null without it, and where tool servers are off. */
  readonly mcp: PluginTools | null
  /** For `TOOL_RUNTIME`; null without it, and where agents are off. */
  readonly a2a: PluginAgents | null
  readonly configSync: PluginConfigSync
  readonly routing: PluginRouting
  readonly resilience: PluginResilience
  /** Resolves with the address; rejects one that leads into the network of the gateway, or is no http(s) address. */
  validateOutboundUrl(url: string): Promise<string>
}

type Hook<Arguments extends readonly unknown[], Result = void> = (
  ...args: Arguments
) => Result | Promise<Result>

/**
 * A plugin: the default export of a module that `LLMROUTER_PLUGINS` lists, either an object or a class that is made without
 * arguments. Every hook is optional.
 */
export interface Plugin {
  readonly metadata?: PluginMetadata
  /** Before the gateway listens. `app` is null without the capability `ROUTES`. */
  startup?: Hook<[app: PluginApp | null, context: PluginContext]>
  /** After the last request, in reverse order. */
  shutdown?: Hook<[app: PluginApp | null, context: PluginContext]>
  /** Shown by `GET /api/v1/routeiq/plugins`. */
  healthCheck?: Hook<[], Readonly<Record<string, unknown>>>
  /**
   * For `AUTH_PROVIDER`: whom a credential stands for that is no key of the gateway; null for one that is not known here either. The
   * answer is kept for as long as keys are.
   */
  authenticate?: Hook<[token: string], PluginPrincipal | null | undefined>
  /** Every request of a known caller, or of a public route, before its body is read. */
  onRequest?: Hook<[request: PluginRequest], PluginAnswer | null | undefined>
  /** After the answer, in reverse order. */
  onResponse?: Hook<
    [
      request: PluginRequest,
      response: { readonly statusCode: number; readonly headers: Readonly<Record<string, string>> },
    ]
  >
  /** Every call of a model that was admitted, before a model or an answer is chosen. */
  onLlmPreCall?: Hook<[model: string, messages: unknown, call: PluginCall], PluginVerdict | null | undefined>
  /**
   * For `GUARDRAIL`: every answer of a model in words, kept ones too, before the client gets any of it. Streams are held until they are
   * complete, so a plugin that only watches has `onLlmSuccess` instead.
   */
  onLlmAnswer?: Hook<
    [model: string, answer: PluginModelAnswer, call: PluginCall],
    PluginAnswerVerdict | null | undefined
  >
  /** After the answer. */
  onLlmSuccess?: Hook<[model: string, response: PluginResponse, call: PluginCall]>
  /** After the answer. */
  onLlmFailure?: Hook<[model: string, error: PluginError, call: PluginCall]>
  /** For `EVALUATOR`, with `ROUTEIQ_EVALUATOR_ENABLED=true`: after every call of a tool. */
  evaluateMcpResult?: Hook<[invocation: PluginInvocation], PluginEvaluation | null | undefined>
  /** For `EVALUATOR`, with `ROUTEIQ_EVALUATOR_ENABLED=true`: after every message to an agent that was not streamed. */
  evaluateA2aResult?: Hook<[invocation: PluginInvocation], PluginEvaluation | null | undefined>
  /** A new configuration is in force; secrets are masked. */
  onConfigReload?: Hook<[before: unknown, after: unknown]>
  /** Once for every route, before the gateway listens. */
  onRouteRegister?: Hook<[path: string, methods: readonly string[]]>
  /** A deployment is not called for a while after failures, or is called again. */
  onModelHealthChange?: Hook<[modelId: string, healthy: boolean, reason: string]>
  /** `name` is `deployment:<id>`; states are `closed` and `open`. */
  onCircuitBreakerChange?: Hook<[name: string, before: string, after: string]>
  /** A change of what the gateway manages was made. */
  onManagementOperation?: Hook<[operation: string, resourceType: string, method: string, path: string]>
}

/**
 * The configuration as the rest of the gateway sees it: one immutable object per load, every default applied,
 * every unit in the name. `load-config.ts` is the only producer.
 */
export interface GatewayConfig {
  readonly source: ConfigSource
  /** `sha256:` and the first 16 hex digits of the effective configuration text. */
  readonly versionHash: string
  readonly models: readonly ModelConfig[]
  readonly aliases: ReadonlyMap<string, ModelAlias>
  readonly routing: RoutingConfig
  readonly identity: IdentityConfig
  readonly server: ServerConfig
  readonly storage: StorageConfig
  readonly configSync: ConfigSyncConfig
  readonly evidence: EvidenceConfig
  /** Null calls everybody directly. */
  readonly egressProxy: EgressProxyConfig | null
  readonly userEgress: UserEgressConfig
  readonly telemetry: TelemetryConfig
  readonly cache: CacheConfig
  readonly contextOptimizer: ContextOptimizerConfig
  readonly requests: RequestConfig
  readonly skills: SkillsConfig
  readonly plugins: PluginsConfig
  readonly skillRouter: SkillRouterConfig
  readonly skillInjection: SkillInjectionConfig
  readonly modelRouting: ModelRoutingConfig
  /** Price map in LiteLLM's JSON format: a file path or URL, read in the background; null uses the built-in table. */
  readonly priceMapSource: string | null
  readonly costAdjustments: CostAdjustmentConfig
  readonly passThrough: PassThroughConfig
  readonly functionSkills: FunctionSkillsConfig
  readonly governance: GovernanceConfig
  readonly policy: PolicyConfig
  readonly quota: QuotaConfig
  readonly audit: AuditConfig
  readonly a2a: A2aConfig
  readonly mcp: McpConfig
  /** The raw `routeiq:` block and the LiteLLM sections later planes read (mcp_servers, guardrails, …). */
  readonly sections: Readonly<Record<string, unknown>>
}

/** The record of who did what. */
export interface AuditConfig {
  /** Names this replica; null for the name of its host. */
  readonly node: string | null
  readonly isEnabled: boolean
  /** Changes of what the gateway manages are refused while they cannot be recorded. */
  readonly refusesUnrecordedChanges: boolean
  /** So are requests and calls of tools. */
  readonly refusesUnrecordedCalls: boolean
  /** Null for ever. */
  readonly retentionDays: number | null
}

/** Who, beside admins, may make keys, and what these must say. */
export interface KeyGenerationConfig {
  readonly team: KeyGenerationRule
  /** Of keys without a team. */
  readonly personal: KeyGenerationRule
}

interface KeyGenerationRule {
  /** In the team, or of the user; null for all. */
  readonly roles: readonly string[] | null
  readonly requiredParams: readonly string[]
}

/** What limits the gateway as a whole, and how limits are counted; null for no limit. */
/** When keys with `auto_rotate` get another text. Durations are such as `30d`. */
interface KeyRotationConfig {
  readonly isEnabled: boolean
  /** For keys without a `rotation_interval`. */
  readonly interval: string
  /** How long the old text is still taken. */
  readonly gracePeriod: string
}

export interface GovernanceConfig {
  readonly keyGeneration: KeyGenerationConfig
  readonly maxBudgetUsd: number | null
  /** `30d`; null for a budget without periods. */
  readonly budgetDuration: string | null
  /** Of customers nobody has made. */
  readonly maxEndUserBudgetUsd: number | null
  /** IANA name; the calendar of budgets. */
  readonly timezone: string
  readonly windowMs: number
  readonly countedTokens: 'total' | 'input' | 'output'
  /** Requests must name their end user. */
  readonly enforcesUser: boolean
  /** Headers that name the end user of a request, in lower case, the first one first. */
  readonly endUserHeaders: readonly string[]
  /** Whether callers may look at their own use and make keys of their own. */
  readonly hasSelfService: boolean
  /** Whether there are routes that report spend. */
  readonly hasSpendReports: boolean
  /** Whether roles other than that of an admin count on management routes. */
  readonly managesByRole: boolean
  /** Fields of new keys, users and teams where a request gives none, and the most a key may be given. */
  readonly keyDefaults: Readonly<Record<string, unknown>>
  readonly keyRotation: KeyRotationConfig
  readonly keyUpperBounds: Readonly<Record<string, unknown>>
  readonly userDefaults: Readonly<Record<string, unknown>>
  readonly teamDefaults: Readonly<Record<string, unknown>>
  /** How long rows of the ledger are kept, milliseconds; null for ever. */
  readonly spendRetentionMs: number | null
  /** Names, globs and `@provider/…` of models nobody may use. */
  readonly bannedModels: readonly string[]
  readonly hasUsagePolicies: boolean
  /** Spend is counted for workspaces. */
  readonly countsWorkspaces: boolean
  /** Refuses calls whose budget cannot be read. */
  readonly failsClosed: boolean
}

/** The rules of the policy engine, as far as their file could be read. */
export interface PolicyConfig {
  readonly isEnabled: boolean
  /** Refuses everything while there are no usable rules. */
  readonly failsClosed: boolean
  readonly path: string | null
  /** The content of the file, unchecked. */
  readonly document: unknown
  /** Why there is none. */
  readonly problem: string | null
}

/** What every caller may use in a window of the calendar (UTC). */
export interface QuotaConfig {
  readonly isEnabled: boolean
  /** Refuses calls that cannot be counted. */
  readonly failsClosed: boolean
  readonly limits: readonly QuotaLimitConfig[]
  /** For models without a price. */
  readonly pricePerThousandUsd: number
  /** Corrects estimates by what was really used. */
  readonly reconciles: boolean
}

export interface QuotaLimitConfig {
  /** Tells entries of one metric and window apart. */
  readonly id: string
  readonly metric: 'requests' | 'input_tokens' | 'output_tokens' | 'total_tokens' | 'spend_usd'
  readonly window: 'minute' | 'hour' | 'day' | 'month'
  readonly limit: number
  /** Globs; empty concerns all. */
  readonly models: readonly string[]
  readonly routes: readonly string[]
}

/** `routeiq.a2a` and `agent_list`: agents of other servers behind the gateway. */
export interface A2aConfig {
  readonly isEnabled: boolean
  /** Without a trailing slash; null takes the public URL, else the address a request came to. */
  readonly baseUrl: string | null
  readonly taskTtlMs: number
  readonly maxTasks: number
  /** New messages a minute for one agent; 0 for no limit. */
  readonly messagesPerMinute: number
  /** How long after its beginning the messages, and the cost, of a conversation count against the agent's limits. */
  readonly iterationsTtlMs: number
  readonly sessionBudgetTtlMs: number
  readonly taskScope: 'principal' | 'team'
  readonly synthesisesStreams: boolean
  /** Streams between sides of one version pass unread, in pieces of at most so many bytes. */
  readonly passesBytes: boolean
  readonly pieceBytes: number
  readonly maxStreamMs: number
  readonly cardDefault: 'hybrid' | '1.0' | '0.3'
  readonly rootAgent: string | null
  /** Calls of agents are spans of their own. */
  readonly tracesCalls: boolean
  /** Agents are told who calls them. */
  readonly tellsIdentity: boolean
  /** A card counts as it was first seen. */
  readonly pinsCards: boolean
  /** Registrations as written, each with an `agent_name` of its own and an http address. */
  readonly agents: readonly Readonly<Record<string, unknown>>[]
}

/** Functions of Python and JavaScript modules that callers may run. Without entries there are none. */
export interface FunctionSkillsConfig {
  readonly entries: readonly FunctionSkillConfig[]
  /** Modules listed for one namespace. */
  readonly cacheSize: number
  readonly maxConcurrent: number
  readonly maxQueued: number
  /** `kernel` refuses to run what the kernel does not hold. */
  readonly requireIsolation: 'none' | 'kernel'
  /** Answers of failed calls carry the stack. */
  readonly debug: boolean
  /** What a client puts into `tools` to run a tool itself, by the name it is invoked by. */
  readonly clientTools: Readonly<Record<string, ClientTool>>
}

/** A tool of a provider that runs at the client. */
export interface ClientTool {
  readonly type: string
  readonly name: string
}

/** A file or folder of functions in one language. */
export interface FunctionSkillConfig {
  readonly namespace: string
  /** Absolute. */
  readonly path: string
  readonly runtime: 'python' | 'node'
  /** Patterns with `*` and `**` on paths below a folder; empty takes every file of the language. */
  readonly include: readonly string[]
  /** Of modules that share a group only the first that loads is listed. */
  readonly exclusiveGroup: string | null
  readonly timeoutMs: number
  readonly memoryMb: number
  readonly network: 'deny' | 'allow'
  /** Names of variables that are handed on. */
  readonly env: readonly string[]
  /** More folders that may be read; absolute. */
  readonly read: readonly string[]
}

/** Discounts and margins by provider id as written; margins may name `global`, which stands for all others. */
export interface CostAdjustmentConfig {
  readonly discounts: Readonly<Record<string, unknown>>
  readonly margins: Readonly<Record<string, unknown>>
}

/** What raw pass-through may use. */
export interface PassThroughConfig {
  /** Provider id → the account of the environment, or of a model with `use_in_pass_through`. */
  readonly accounts: Readonly<Record<string, PassThroughAccount>>
  readonly endpoints: readonly PassThroughEndpoint[]
}

export interface PassThroughAccount {
  readonly apiKey: string | null
  readonly apiBase: string | null
}

/** One entry of `general_settings.pass_through_endpoints`. */
export interface PassThroughEndpoint {
  /** Begins with `/`, without one at the end. */
  readonly path: string
  /** An http or https URL. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly includesSubpaths: boolean
  /** Everybody may call it, without a key and with the headers of the operator. */
  readonly isOpen: boolean
  /** The client's own headers go on, credentials excepted. */
  readonly forwardsHeaders: boolean
  /** USD; null when calls have no known price. */
  readonly costPerRequest: number | null
}

export interface ConfigSource {
  readonly kind: 'file' | 'environment' | 'demo' | RemoteConfig['kind']
  /** Files read, in order of inclusion; the first is the main file, or the place of a remote one. */
  readonly files: readonly string[]
  /** MD5 of the main file, hexadecimal; null without one. */
  readonly checksum: string | null
}

/** Where the configuration is fetched from, and which replica does. */
export interface ConfigSyncConfig {
  /** Null where it is read from this machine alone. */
  readonly remote: RemoteConfig | null
  /** Without it the place is asked at the start and on request. */
  readonly polls: boolean
  readonly intervalMs: number
  readonly election: ElectionConfig
}

export type RemoteConfig =
  | {
      readonly kind: 's3'
      readonly bucket: string
      readonly key: string
      /** Null for that of the account. */
      readonly region: string | null
      /** Null for AWS. */
      readonly endpoint: string | null
    }
  | {
      readonly kind: 'gcs'
      readonly bucket: string
      readonly key: string
      /** Null for Google Cloud. */
      readonly endpoint: string | null
    }
  | { readonly kind: 'http'; readonly url: string }

/** How the API server is reached. */
export interface KubernetesConfig {
  /** Null outside of a cluster. */
  readonly host: string | null
  readonly port: number
  /** Null for the one of the pod. */
  readonly namespace: string | null
  /** The folder of its service account. */
  readonly accountDir: string
}

export interface ElectionConfig {
  /** `none`: this replica leads, whatever others do. */
  readonly backend: 'kubernetes' | 'redis' | 'postgres' | 'none'
  readonly kubernetes: KubernetesConfig
  /** What this replica is called; null for the name of its host. */
  readonly node: string | null
  readonly lockName: string
  readonly leaseMs: number
  readonly renewMs: number
  /** The lease is given back before a drain. */
  readonly handsOver: boolean
}

export interface ModelAlias {
  readonly model: string
  /** A hidden alias works but is not listed by `GET /models`. */
  readonly hidden: boolean
}

/** So many USD in a period. */
export interface SpendLimitConfig {
  readonly maxUsd: number
  /** `30d`; null for one without periods. */
  readonly duration: string | null
}

/** One valid entry of `model_list`. */
export interface ModelConfig {
  readonly modelName: string
  /** Provider id (`openai`, `anthropic`, `groq`, …), already split from `litellm_params.model`. */
  readonly provider: string
  /** The model id sent upstream; may contain `*` for wildcard groups. */
  readonly upstreamModel: string
  readonly apiKey: string | null
  /** Null uses the provider's default base URL. */
  readonly apiBase: string | null
  /** What else names the account at the provider (`api_version`, `aws_region_name`, …), by parameter; may be secret. */
  readonly account: Readonly<Record<string, string>>
  readonly organization: string | null
  readonly extraHeaders: Readonly<Record<string, string>>
  readonly extraBody: Readonly<Record<string, unknown>>
  /** Request parameters to send unless the request sets them (temperature, max_tokens, …). */
  readonly defaultParams: Readonly<Record<string, unknown>>
  readonly timeoutMs: number | null
  readonly streamTimeoutMs: number | null
  readonly numRetries: number | null
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
  /** What may be spent on it in a period; null for no limit. */
  readonly budget: SpendLimitConfig | null
  readonly weight: number | null
  readonly order: number | null
  readonly tags: readonly string[]
  readonly regionName: string | null
  readonly maxParallelRequests: number | null
  readonly cooldownMs: number | null
  readonly dropParams: boolean | null
  readonly additionalDropParams: readonly string[]
  readonly cacheControlInjectionPoints: readonly CacheControlInjectionPoint[]
  readonly mockResponse: string | null
  /** Raw pass-through to its provider may use this entry's key and base. */
  readonly usedInPassThrough: boolean
  /** Clients of Responses are answered by way of chat completions, for servers that lack Responses. */
  readonly useChatCompletionsApi: boolean | null
  readonly configurableClientsideAuthParams: readonly string[]
  /** Per-token prices in USD as written in the configuration; they beat the price table. */
  readonly prices: Readonly<Record<string, number>>
  readonly info: ModelInfo
}

export interface CacheControlInjectionPoint {
  readonly location: 'message'
  readonly role: string | null
  readonly index: number | null
}

export interface ModelInfo {
  /** Stable over restarts: configured, or a hash of the canonical `litellm_params`. */
  readonly id: string
  readonly mode: string
  readonly baseModel: string | null
  readonly maxTokens: number | null
  readonly maxInputTokens: number | null
  readonly maxOutputTokens: number | null
  readonly teamId: string | null
  readonly teamPublicModelName: string | null
  readonly accessGroups: readonly string[]
  /** How demanding the requests are that the operator means it for (`simple`, `complex`, …). */
  readonly tier: string | null
  readonly blocked: boolean
  readonly allowedFails: number | null
  /** Everything in `model_info`, as written, for `/model/info`. */
  readonly raw: Readonly<Record<string, unknown>>
}

/** How requests say where they are to be processed. */
export interface RegionRoutingConfig {
  /** Lower case. */
  readonly header: string
  /** What counts to a region beside the deployments that name it as theirs. */
  readonly map: Readonly<Record<string, readonly string[]>>
  /** Nothing outside of the region ever answers. */
  readonly isHard: boolean
}

export interface RoutingConfig {
  /** What may be spent at a provider, by its id. */
  readonly providerBudgets: Readonly<Record<string, SpendLimitConfig>>
  readonly strategy: string
  readonly strategyArgs: Readonly<Record<string, unknown>>
  readonly numRetries: number
  readonly maxFallbacks: number
  readonly maxTotalAttempts: number
  readonly retryAfterMs: number
  readonly timeoutMs: number
  readonly streamTimeoutMs: number
  readonly streamIdleTimeoutMs: number
  readonly cooldownMs: number
  readonly disableCooldowns: boolean
  /** Null means the default cooldown rules; a number switches to counting mode. */
  readonly allowedFails: number | null
  /** Null without circuit breakers for whole providers. */
  readonly providerBreakers: ProviderBreakerConfig | null
  readonly allowedFailsPolicy: Readonly<Record<string, number>>
  readonly retryPolicy: Readonly<Record<string, number>>
  readonly modelGroupRetryPolicy: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly fallbacks: FallbackTable
  readonly contextWindowFallbacks: FallbackTable
  readonly contentPolicyFallbacks: FallbackTable
  readonly defaultFallbacks: readonly FallbackTarget[]
  readonly fallbackOnBadRequest: boolean
  /** Clients of Messages are answered by chat completions even where the vendor has Responses. */
  readonly chatForMessages: boolean
  readonly fallbacksIgnoreKeyModels: boolean
  readonly enablePreCallChecks: boolean
  /** How long and how many conversations are kept on their deployment; null for none. */
  readonly conversationAffinity: { readonly ttlMs: number; readonly mostEntries: number } | null
  readonly enableTagFiltering: boolean
  /** How requests name a region; null pays no heed to regions. */
  readonly regions: RegionRoutingConfig | null
  readonly tagFilteringMatchAny: boolean
  readonly defaultMaxParallelRequests: number | null
}

/** When a provider's circuit breaker opens and closes. */
export interface ProviderBreakerLimits {
  /** Failures within the window that open it. */
  readonly failureThreshold: number
  /** Good trials that close it. */
  readonly successThreshold: number
  readonly openMs: number
  readonly windowMs: number
}

export interface ProviderBreakerConfig {
  readonly limits: ProviderBreakerLimits
  /** Of providers with their own, by their ids. */
  readonly byProvider: Readonly<Record<string, ProviderBreakerLimits>>
}

/** How a model is chosen where a name stands for several: `routeiq.routing` and an `llmrouter-*` strategy. */
export interface ModelRoutingConfig {
  /** Chooses among the models of `auto` and its profiles. */
  readonly strategy: string
  /** Whether it also chooses within groups of different models, which are left to the balancing strategy otherwise. */
  readonly choosesInGroups: boolean
  /** `routing_strategy_args` of it. */
  readonly args: Readonly<Record<string, unknown>>
  readonly defaultProfile: RoutingProfile
  /** Names that stand for a pool of models. */
  readonly routers: readonly RouterConfig[]
  /** Whether the shipped prior decides while nothing was trained. */
  readonly usePrior: boolean
  /** A split of requests between strategies; null for none. */
  readonly experiment: ExperimentConfig | null
  /** Folder of the trained bundle; null decides by the prior. */
  readonly bundlePath: string | null
  /** Strategies that only watch. */
  readonly shadows: readonly ShadowConfig[]
  /** Folder of bundles that can be put in force over the API; null for none. */
  readonly bundlesPath: string | null
  /** Public keys (PEM, Ed25519), one of which must have signed a bundle; empty trusts any. */
  readonly trustedKeys: readonly string[]
  /** Names of the bundle's models → our own. */
  readonly labels: Readonly<Record<string, string>>
  /** How often the folder is looked at. */
  readonly reloadIntervalMs: number
  /** Whether outcomes move estimates; what was learned is kept while it is off. */
  readonly learning: boolean
  /** Whether what skills do under each model moves the estimates. */
  readonly skillShift: boolean
  /** Whether an ask that is sent again speaks against the answer it had. */
  readonly implicitFeedback: boolean
  /** Names of the blocks in user messages that harnesses write. */
  readonly harnessTags: readonly string[]
  /** From one test of promises to the next. */
  readonly guaranteeIntervalMs: number
  /** From one look at what `strong_share` is a share of to the next. */
  readonly shareIntervalMs: number
  /** Share of requests that try a model which is nearly as good. */
  readonly exploreRate: number
  /** What costs and quality are compared with; null takes the model of the pool that is best on average. */
  readonly baselineModel: string | null
  /** Whether what a user says of models moves the estimates for that user, under every strategy. */
  readonly personal: boolean
  /** Whether users may say it: some strategy, or every one, heeds it. */
  readonly hearsOpinions: boolean
  /** How late an outcome may come. */
  readonly feedbackWindowMs: number
  /** The profile `free` is refused where no model is free. */
  readonly freeStrict: boolean
  /** A strategy that is not available is an error, and not replaced. */
  readonly strictStrategies: boolean
  /** Chooses the first model in the order of the file. */
  readonly killSwitch: boolean
  /** Null where no model judges answers. */
  readonly judging: JudgingConfig | null
}

/** How a model judges some of the answers of chosen models. */
export interface JudgingConfig {
  /** Share of answers, 0 to 1. */
  readonly sampleRate: number
  /** Those that may judge, the preferred one first. */
  readonly models: readonly string[]
  /** Answers judged at a time. */
  readonly batchSize: number
  readonly feedbackIntervalMs: number
  /** What judging may cost a day, all processes together. */
  readonly dailyBudgetUsd: number
}

/** A strategy that is asked and never served. */
interface ShadowConfig {
  readonly strategy: string
  readonly args: Readonly<Record<string, unknown>>
  /** Share of requests, 0 to 1. */
  readonly sample: number
}

export interface ExperimentConfig {
  readonly id: string
  readonly variants: readonly { readonly name: string; readonly strategy: string; readonly weight: number }[]
}

export type RoutingProfile = 'auto' | 'eco' | 'premium' | 'free' | 'reasoning'

/** One of `routeiq.routing.routers`. */
export interface RouterConfig {
  readonly name: string
  /** Names of models; null for every chat model. */
  readonly models: readonly string[] | null
  readonly strategy: string
  readonly args: Readonly<Record<string, unknown>>
  /** Null takes the default profile. */
  readonly profile: RoutingProfile | null
  /** Null takes the profile's. */
  readonly lambda: number | null
}

export type FallbackTable = ReadonlyMap<string, readonly FallbackTarget[]>
/** A group name, a deployment id, or a map of parameter overrides that names its `model`. */
export type FallbackTarget = string | (Readonly<Record<string, unknown>> & { readonly model: string })

export interface IdentityConfig {
  readonly masterKey: string | null
  /** 32 bytes in base64 each. The first encrypts secrets at rest, all of them decrypt. */
  readonly encryptionKeys: readonly string[]
  /** Keys for what the gateway encrypts are derived from it. */
  readonly saltKey: string | null
  readonly adminKeys: readonly string[]
  readonly adminAuthEnabled: boolean
  readonly requireAuth: boolean
  readonly insecureNoAuth: boolean
  readonly keyPrefix: string
  readonly keyPepper: string | null
  readonly keyHeaderName: string | null
  readonly keyCacheTtlMs: number
  readonly allowRequestsOnDbUnavailable: boolean
  /** `ROUTEIQ_ENV` in lower case, null when unset. */
  readonly environment: string | null
  readonly allowedIps: readonly string[]
  readonly routes: RouteRulesConfig
}

/** Routes by documented template, prefix with `*` or group, for everybody who is no admin. */
export interface RouteRulesConfig {
  readonly adminOnly: readonly string[]
  /** Answer without a key, unless they are for admins. */
  readonly publicRoutes: readonly string[]
  /** Empty allows all. */
  readonly allowed: readonly string[]
}

export interface ServerConfig {
  readonly host: string
  readonly port: number
  readonly workers: number
  readonly rootPath: string
  readonly publicUrl: string | null
  readonly maxRequestBytes: number
  readonly maxResponseBytes: number
  /** 0 switches backpressure off. */
  readonly maxConcurrentRequests: number
  readonly backpressureExcludedPaths: readonly string[]
  /** Its start ends the cooldowns of all replicas. */
  readonly resetsCooldowns: boolean
  /** Where probes and health pages are answered too, without TLS; null for nowhere. */
  readonly healthPort: number | null
  readonly drainTimeoutMs: number
  /** Addresses and CIDR ranges of proxies whose `X-Forwarded-For` names the client. */
  readonly trustedProxies: readonly string[]
  readonly corsOrigins: readonly string[]
  readonly corsCredentials: boolean
  readonly bareAliases: boolean
  readonly serviceName: string
  readonly watchFiles: boolean
  /** Whether connections to providers wait for the next call. */
  readonly keepsUpstreamConnections: boolean
  readonly upstreamConnections: number
  /** Idle connections kept per upstream origin once a burst is over. */
  readonly upstreamIdleConnections: number
  readonly tls: { readonly keyFile: string; readonly certFile: string } | null
}

export interface StorageConfig {
  /** Null selects the embedded database in the data directory. */
  readonly databaseUrl: string | null
  readonly databasePoolLimit: number
  /** Connections that stay open without work. */
  readonly databasePoolMinimum: number
  readonly databaseSslMode: 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'
  /** The same database past a pooler, for migrations; null where they take `databaseUrl`. */
  readonly directDatabaseUrl: string | null
  /** Null selects in-process shared state. */
  readonly redisUrl: string | null
  /** Failures in a row after which Redis is left alone, and for how long. */
  readonly redisBreaker: { readonly failures: number; readonly openMs: number }
  readonly dataDir: string
  readonly disableSpendLogs: boolean
  /** The gateway starts on the tables there are when a migration fails. */
  readonly toleratesFailedMigrations: boolean
  /** The number or name of the last migration to apply; null for all. */
  readonly lastMigration: string | null
}

/** The way out of the gateway. */
export interface EgressProxyConfig {
  /** `http://`, with `user:password@` where the proxy wants them. */
  readonly url: string
  /** Hosts and CIDR networks that are called without it; loopback always is. */
  readonly direct: readonly string[]
}

/** What the operator opens to addresses that callers write, such as those of webhooks. */
export interface UserEgressConfig {
  /** Nothing but what is listed may be reached. */
  readonly listedOnly: boolean
  readonly allowPrivate: boolean
  readonly hosts: readonly string[]
  /** CIDR. */
  readonly networks: readonly string[]
  /** URLs whose hosts are open to them and to what is below them. */
  readonly urls: readonly string[]
  readonly resolver: { readonly timeoutMs: number; readonly cacheTtlMs: number; readonly cacheSize: number }
  /** The way out for them too. */
  readonly proxy: EgressProxyConfig | null
}

export interface EvidenceConfig {
  /** Days that decisions and traces are kept; what was counted stays. */
  readonly retentionDays: number
  /** Whether traces must name a registered manifest. */
  readonly requireManifest: boolean
}

export interface TelemetryConfig {
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  /** Null chooses by TTY: text on a terminal, JSON elsewhere. */
  readonly jsonLogs: boolean | null
  readonly routingDecisionLog: boolean
  readonly decisionLogger: string
  /** Whether lines of decisions and spans tell what the user asked. */
  readonly logsQueries: boolean
  readonly requireAuthForMetrics: boolean
  readonly detailedTiming: boolean
  /** `callbacks: ["prometheus"]`: LiteLLM's metric names beside our own. */
  readonly litellmMetrics: boolean
  /** False keeps end users out of metric labels. */
  readonly trackEndUsers: boolean
  readonly tracing: TracingConfig
}

/** Where spans of requests are sent by OTLP, and how many of them. */
export interface TracingConfig {
  readonly isEnabled: boolean
  /** The whole address, `/v1/traces` included; null sends nothing anywhere. */
  readonly url: string | null
  readonly protocol: 'http/protobuf' | 'http/json' | null
  readonly headers: Readonly<Record<string, string>>
  readonly sampler: string
  /** Whether requests that manage the gateway have spans. */
  readonly includesManagement: boolean
  /** Share of the traces that begin here, 0..1. */
  readonly sampleRatio: number
  readonly serviceName: string
  readonly serviceVersion: string | null
  readonly environment: string
  readonly instance: string | null
}

/** `LLMROUTER_PLUGINS`: code of the operator that the gateway calls. */
export interface PluginsConfig {
  /** What is built in, has no hooks and is switched on, by name. */
  readonly builtIn: ReadonlySet<string>
  readonly guards: GuardsConfig
  /** In the order of the configuration. */
  readonly modules: readonly PluginModule[]
  /** What is configured and may not load. */
  readonly rejected: readonly { readonly written: string; readonly reason: string }[]
  /** Null allows all. */
  readonly allowedCapabilities: ReadonlySet<string> | null
  /** Answers of tools and agents are shown to plugins that judge them. */
  readonly evaluates: boolean
  /** Of plugins that do not set one. */
  readonly failureMode: 'continue' | 'abort' | 'quarantine'
  readonly startupTimeoutMs: number
  /** `ROUTEIQ_PLUGIN_<KEY>` by its key in lower case. */
  readonly settings: Readonly<Record<string, string>>
}

/** The guards that are built in; null where they are off. */
export interface GuardsConfig {
  readonly pii: PiiGuardConfig | null
  readonly injection: InjectionGuardConfig | null
  readonly contentFilter: ContentFilterConfig | null
  readonly llamaGuard: LlamaGuardConfig | null
  readonly bedrockGuardrails: BedrockGuardrailsConfig | null
}

/** Personal data in what is sent to models. */
export interface PiiGuardConfig {
  readonly action: 'redact' | 'block' | 'warn' | 'log'
  /** Empty is all. */
  readonly entityTypes: readonly string[]
}

export interface InjectionGuardConfig {
  readonly action: 'block' | 'warn' | 'log'
}

/** Harmful content in what is sent to models and in what they answer. */
export interface ContentFilterConfig {
  readonly action: 'block' | 'warn' | 'log'
  /** The score from which on content counts, 0 to 1. */
  readonly threshold: number
  /** Empty is all. */
  readonly categories: readonly string[]
}

/** A guard that asks somebody else. */
interface RemoteGuardConfig {
  /** For a whole check, and for each question of it. */
  readonly timeoutMs: number
  /** What follows when it cannot be asked: `closed` refuses, `open` goes on. */
  readonly failMode: 'closed' | 'open'
  readonly apiKey: string | null
}

export interface LlamaGuardConfig extends RemoteGuardConfig {
  readonly endpoint: string
  /** `chat`: the server writes the prompt from messages; `completion`: it gets the prompt. */
  readonly form: 'chat' | 'completion'
  readonly model: string
}

export interface BedrockGuardrailsConfig extends RemoteGuardConfig {
  /** Or its ARN. */
  readonly id: string
  readonly version: string
  /** As of the provider `bedrock`. */
  readonly account: Readonly<Record<string, string>>
}

/** A module to import. */
export interface PluginModule {
  readonly written: string
  /** A path that begins with `.` or `/`, or the name of a package. */
  readonly specifier: string
  /** SHA-256 of its file, hexadecimal; null for any. */
  readonly digest: string | null
}

/** How prompts are shortened on their way to a provider. */
export interface ContextOptimizerConfig {
  readonly mode: 'off' | 'safe' | 'aggressive'
  /** Longer conversations are trimmed under `aggressive`. */
  readonly maxTurns: number
  /** Turns of a conversation that was trimmed. */
  readonly keepLast: number
}

export interface SimilarityConfig {
  /** Cosine, from 0 to 1. */
  readonly threshold: number
  /** Whose questions are compared, among those of one scope. */
  readonly within: 'everybody' | 'key' | 'end-user'
}

/** Which answers are kept and given again. */
export interface CacheConfig {
  readonly isEnabled: boolean
  /** False leaves out requests that do not ask for it. */
  readonly isOnByDefault: boolean
  readonly ttlMs: number
  /** Answers in the memory of a process. */
  readonly maxEntries: number
  /** Null keeps answers to warmer requests too. */
  readonly maxTemperature: number | null
  /** Who shares answers. */
  readonly scope: 'principal' | 'team' | 'global'
  readonly operations: ReadonlySet<string>
  readonly namespace: string | null
  /** How similar another question must be to get the same answer; null gives it to equal ones alone. */
  readonly similarity: SimilarityConfig | null
  /** Redis of its own; null uses that of everything else, if there is one. */
  readonly redisUrl: string | null
}

export interface RequestConfig {
  readonly dropParams: boolean
  readonly modifyParams: boolean
  readonly alwaysIncludeStreamUsage: boolean
  readonly forwardClientHeaders: boolean
  readonly forwardProviderAuthHeaders: boolean
  /** 0 switches the pings off. */
  readonly sseKeepaliveMs: number
  readonly errorCodeStyle: 'symbolic' | 'litellm'
  readonly defaultAnthropicMaxTokens: number
  readonly thinkingBudgets: Readonly<Record<'minimal' | 'low' | 'medium' | 'high', number>>
  readonly completionModel: string | null
}

/** The skill store: `routeiq.skills`. */
export interface SkillsConfig {
  readonly scan: {
    readonly onBlock: 'reject' | 'quarantine' | 'flag' | 'off'
    readonly onFlag: 'allow' | 'quarantine'
  }
  readonly isStrict: boolean
  readonly minBodyChars: number
  /** All files of a skill together have fewer. */
  readonly maxTotalBytes: number
  /** Whose skills `/v1/skills` shows: the gateway's, those of an account at the vendor, or either as the request says. */
  readonly mode: 'auto' | 'database' | 'passthrough'
  /** Whose objects clients get that say nothing of a vendor. */
  readonly neutralDialect: 'anthropic' | 'openai'
  /** Skills one request may put into a container. */
  readonly maxPerRequest: number
  /** What becomes of a vendor's skill, or of its code execution, at another vendor's model. */
  readonly onUnavailable: 'error' | 'drop'
  /** Code of models elsewhere is run by the gateway, for requests with skills in a container. */
  readonly runsCode: boolean
  /** What happens when a skill cannot be copied to the vendor's account. */
  readonly nativeFallback: 'error' | 'inject'
  /** How long copies stay in accounts that nobody uses. */
  readonly providerCopyTtlMs: number
  /** Reading the registry needs no key. */
  readonly isRegistryPublic: boolean
  /** Only skills that were measured may be published. */
  readonly publishNeedsBenchmark: boolean
  readonly wellKnown: WellKnownConfig
  /** At `/mcp`, by the extension for skills. */
  readonly isServedOverMcp: boolean
  /** The marketplace of Claude Code. */
  readonly marketplace: { readonly isEnabled: boolean; readonly name: string; readonly owner: string }
}

/** `routeiq.skills.well_known`: what anybody may find at `/.well-known/`. */
interface WellKnownConfig {
  readonly isEnabled: boolean
  /** Absolute; null for the first that exists of `./skills` and `./docs/skills`. */
  readonly directory: string | null
  /** The sources: the folder, the public skills of the store. */
  readonly hasDirectory: boolean
  readonly hasStore: boolean
  readonly allowsLeadingDigit: boolean
  /** Of one address; infinite for no limit. */
  readonly requestsPerMinute: number
}

/** `routeiq.skills.router`. */
export interface SkillRouterConfig {
  readonly fusion: 'gated' | 'rrf'
  /** The built-in table or none at all, unless a model of this gateway embeds. */
  readonly embedder: 'static' | 'none'
  readonly embeddingModel: string | null
  readonly embeddingDimensions: number
  readonly onEmbedderMissing: 'lexical' | 'full_menu'
  /** 0 to 1, like the rates. */
  readonly minRelevance: number
  readonly hintK: number
  readonly exploreRate: number
  readonly holdoutRate: number
  readonly stableMenuMaxTokens: number
  readonly maxIndexedSkills: number
  /** Keeps the text of requests with their decisions, which skills then learn from. */
  readonly captureContent: boolean
}

/** `routeiq.skills.injection`: skills that the gateway itself puts into requests. */
export interface SkillInjectionConfig {
  /** What `x-routeiq-skills` would say; null for off. */
  readonly byDefault: string | null
  readonly allowOverride: boolean
  readonly menuTokens: number
  readonly bodies: number
  readonly bodyTokens: number
  readonly rounds: number
  readonly routeTimeoutMs: number
  readonly beforeSystem: boolean
  readonly cacheControl: 'auto' | 'always' | 'never'
  /** What a model says before it reads a skill is held back, and left out when it is short. */
  readonly holdsPreamble: boolean
  /** Models may read the files beside a skill, too. */
  readonly readsFiles: boolean
}

/** The gateway for tool servers. */
export interface McpConfig {
  readonly enabled: boolean
  /** The registry in the form of the public one. */
  readonly subregistry: { readonly namespace: string; readonly isPublic: boolean }
  /** Calls of servers are spans. */
  readonly tracesCalls: boolean
  /** `/llmrouter/mcp` answers as if it were not there. */
  readonly isRestHidden: boolean
  /** Null: everywhere but at `/llmrouter/mcp/tools/call`. */
  readonly toolInvocation: boolean | null
  readonly enforcesAccessGroups: boolean
  /** Admins may reach servers raw. */
  readonly proxyEnabled: boolean
  /** People may sign in to servers of type `oauth2`. */
  readonly oauthEnabled: boolean
  readonly sse: McpSseConfig
  readonly sharesChanges: boolean
  readonly syncIntervalMs: number
  readonly isPersistent: boolean
  readonly serverName: string
  /** Null for the version of the product. */
  readonly serverVersion: string | null
  readonly toolsPageSize: number
  readonly resourcesPageSize: number
  /** 0 serves without sessions. */
  readonly sessionIdleMs: number
  readonly callTimeoutMs: number
  readonly listTimeoutMs: number
  readonly healthTimeoutMs: number
  /** For what authorization servers are asked. */
  readonly metadataTimeoutMs: number
  readonly healthIntervalMs: number
  readonly toolPrefix: 'always' | 'conflict' | 'never'
  readonly lint: 'warn' | 'quarantine'
  /** Patterns of tools that models only use when the request agrees to it. */
  readonly confirmTools: readonly string[]
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
  readonly stdioApi: StdioApiConfig
  /** `mcp_servers` of the file. */
  readonly servers: readonly McpServerSettings[]
}

/** Programs that admins may register as tool servers over REST. */
export interface StdioApiConfig {
  readonly isEnabled: boolean
  /** Each a command and the arguments that it has to begin with. */
  readonly commands: readonly (readonly string[])[]
}

/** The transport for clients from before streamable HTTP. */
interface McpSseConfig {
  readonly isEnabled: boolean
  /** No stream is opened. */
  readonly isLegacy: boolean
  readonly heartbeatMs: number
  readonly maxDurationMs: number
  readonly retryMs: number
  readonly idleMs: number
}

export type McpTransport = 'streamable_http' | 'sse' | 'stdio'

/** What is written about one tool server, in the file or over REST. */
export interface McpServerSettings {
  /** Names the server for good; 1 to 64 of `[A-Za-z0-9._-]`. */
  readonly serverId: string
  readonly name: string
  /** Public short name; unique ignoring case. */
  readonly alias: string | null
  readonly description: string | null
  readonly instructions: string | null
  readonly transport: McpTransport
  /** The transport as it was written. */
  readonly writtenTransport: string
  /** Null for stdio. */
  readonly url: string | null
  /** An OpenAPI document, or where it is; its operations are the tools then. */
  readonly specPath: string | Readonly<Record<string, unknown>> | null
  readonly protocolEra: 'auto' | 'legacy' | 'modern'
  readonly authType: 'none' | 'api_key' | 'bearer_token' | 'basic' | 'authorization' | 'oauth2'
  /** How accounts of an `oauth2` server are signed in to. */
  readonly oauth: McpOAuthSettings
  /** Everybody uses an account of their own; the server's shared credential is for nobody. */
  readonly isByok: boolean
  /** Secret. */
  readonly authValue: string | null
  /** Secret. */
  readonly staticHeaders: Readonly<Record<string, string>>
  /** Secret. */
  readonly env: Readonly<Record<string, string>>
  /** Client headers that go on to the server, lower case. */
  readonly extraHeaders: readonly string[]
  /** Names or patterns with `*`; empty allows all. */
  readonly allowedTools: readonly string[]
  readonly disallowedTools: readonly string[]
  readonly displayNames: Readonly<Record<string, string>>
  readonly displayDescriptions: Readonly<Record<string, string>>
  readonly accessGroups: readonly string[]
  readonly teams: readonly string[]
  readonly allowAllKeys: boolean
  readonly isPublic: boolean
  /** New tools may be used at once; else an admin approves each. */
  readonly approvesOnFirstUse: boolean
  readonly command: string | null
  readonly args: readonly string[]
  readonly cwd: string | null
  /** Whom a program runs as; null for the user of the gateway. */
  readonly runsAs: { readonly uid: number; readonly gid: number } | null
  readonly limits: ProgramLimits
  /** The program starts with the gateway; else when somebody first wants something of it. */
  readonly isEager: boolean
  /** Names said about the server before it was asked. */
  readonly declaredTools: readonly McpDeclaredTool[]
  readonly declaredResources: readonly string[]
  readonly info: Readonly<Record<string, unknown>>
  readonly metadata: Readonly<Record<string, unknown>>
}

/** How much a program may use; null where nothing is said. */
export interface ProgramLimits {
  readonly memoryMb: number | null
  readonly cpuSeconds: number | null
  readonly openFiles: number | null
  /** Of the user it runs as, all of them. */
  readonly processes: number | null
  /** The largest file it may write. */
  readonly fileMb: number | null
}

/** What is written about signing in to a tool server. What is null is found out from the server itself. */
export interface McpOAuthSettings {
  /** With `client_credentials` the gateway has one account for everybody. */
  readonly flow: 'authorization_code' | 'client_credentials'
  readonly authorizationUrl: string | null
  readonly tokenUrl: string | null
  readonly registrationUrl: string | null
  readonly scopes: readonly string[]
  readonly clientId: string | null
  /** Secret. */
  readonly clientSecret: string | null
}

export interface McpDeclaredTool {
  readonly name: string
  readonly description: string | null
  readonly inputSchema: Readonly<Record<string, unknown>> | null
}

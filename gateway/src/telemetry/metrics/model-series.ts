import { routeiqMetrics as names } from './names.ts'
import type { Registry } from './registry/registry.ts'
import { SeriesCache } from './registry/series-cache.ts'

/** The metrics of finished requests. */
export type ModelFamilies = ReturnType<typeof registerModelFamilies>

export function registerModelFamilies(registry: Registry) {
  return {
    duration: registry.histogram(names.operationDuration),
    tokenUsage: registry.histogram(names.tokenUsage),
    timeToFirstToken: registry.histogram(names.timeToFirstToken),
    tokensPerSecond: registry.histogram(names.tokensPerSecond),
    requests: registry.counter(names.requestTotal),
    errors: registry.counter(names.requestError),
    decisionDuration: registry.histogram(names.routingDecisionDuration),
    strategyUsage: registry.counter(names.routingStrategyUsage),
    selection: registry.counter(names.routingSelection),
    costPer1k: registry.histogram(names.routingCostPer1k),
    cost: registry.counter(names.costTotal),
    costPerRequest: registry.histogram(names.costPerRequest),
    costErrors: registry.counter(names.costErrors),
    tokens: registry.counter(names.tokensTotal),
  }
}

/**
 * Every series with one value of the label `model`, as indices of their numbers in the space of the registry. Those of the
 * latest status, strategy, provider, team and user are members of this one object: each object more is one more place in
 * memory that a request to a model not seen for a while has to wait for. Turn to the labels of a request before reading them.
 */
export class ModelSeries {
  /** The ones it was bound by. */
  readonly families: ModelFamilies
  readonly costPerRequest: number
  readonly costErrors: number
  #status: number | null = null
  requests = 0
  #strategy: string | null = null
  decisionDuration = 0
  selected = 0
  succeeded = 0
  failed = 0
  fellBack = 0
  costPer1k = 0
  #provider: string | null = null
  duration = 0
  inputTokens = 0
  outputTokens = 0
  timeToFirstToken = 0
  tokensPerSecond = 0
  #team: string | null = null
  tokensSent = 0
  tokensReceived = 0
  #user: string | null = null
  /** In USD. */
  cost = 0
  readonly errors: SeriesCache<number>
  readonly #statuses: SeriesCache<number>
  readonly #strategies: SeriesCache<StrategySeries>
  readonly #providers: SeriesCache<ProviderSeries>
  readonly #teams: SeriesCache<TeamSeries>

  constructor(families: ModelFamilies, model: string) {
    this.families = families
    this.costPerRequest = families.costPerRequest.bind(model).at
    this.costErrors = families.costErrors.bind(model).at
    this.errors = new SeriesCache((type) => families.errors.bind(model, type).at)
    this.#statuses = new SeriesCache((status) => families.requests.bind(model, status).at)
    this.#strategies = new SeriesCache((strategy) => bindStrategy(families, model, strategy))
    this.#providers = new SeriesCache((provider) => bindProvider(families, model, provider))
    this.#teams = new SeriesCache((team) => bindTeam(families, model, team))
  }

  turnToStatus(status: number): void {
    if (status === this.#status) return
    this.#status = status
    this.requests = this.#statuses.get(String(status))
  }

  turnToStrategy(strategy: string): void {
    if (strategy === this.#strategy) return
    const series = this.#strategies.get(strategy)
    this.#strategy = strategy
    this.decisionDuration = series.decisionDuration
    this.selected = series.selected
    this.succeeded = series.succeeded
    this.failed = series.failed
    this.fellBack = series.fellBack
    this.costPer1k = series.costPer1k
  }

  turnToProvider(provider: string): void {
    if (provider === this.#provider) return
    const series = this.#providers.get(provider)
    this.#provider = provider
    this.duration = series.duration
    this.inputTokens = series.inputTokens
    this.outputTokens = series.outputTokens
    this.timeToFirstToken = series.timeToFirstToken
    this.tokensPerSecond = series.tokensPerSecond
  }

  turnToTeam(team: string): void {
    if (team === this.#team) return
    const series = this.#teams.get(team)
    this.#team = team
    this.#user = null
    this.tokensSent = series.tokensSent
    this.tokensReceived = series.tokensReceived
  }

  /** Once turned to the team. */
  turnToUser(team: string, user: string): void {
    if (user === this.#user) return
    this.#user = user
    this.cost = this.#teams.get(team).users.get(user)
  }
}

type ProviderSeries = Pick<
  ModelSeries,
  'duration' | 'inputTokens' | 'outputTokens' | 'timeToFirstToken' | 'tokensPerSecond'
>
type StrategySeries = Pick<
  ModelSeries,
  'decisionDuration' | 'selected' | 'succeeded' | 'failed' | 'fellBack' | 'costPer1k'
>

interface TeamSeries extends Pick<ModelSeries, 'tokensSent' | 'tokensReceived'> {
  readonly users: SeriesCache<number>
}

function bindProvider(families: ModelFamilies, model: string, provider: string): ProviderSeries {
  return {
    duration: families.duration.bind(model, provider).at,
    inputTokens: families.tokenUsage.bind(model, provider, 'input').at,
    outputTokens: families.tokenUsage.bind(model, provider, 'output').at,
    timeToFirstToken: families.timeToFirstToken.bind(model, provider).at,
    tokensPerSecond: families.tokensPerSecond.bind(model, provider).at,
  }
}

function bindStrategy(families: ModelFamilies, model: string, strategy: string): StrategySeries {
  return {
    decisionDuration: families.decisionDuration.bind(strategy, model).at,
    selected: families.selection.bind(strategy, model).at,
    succeeded: families.strategyUsage.bind(strategy, 'success').at,
    failed: families.strategyUsage.bind(strategy, 'error').at,
    fellBack: families.strategyUsage.bind(strategy, 'fallback').at,
    costPer1k: families.costPer1k.bind(model, strategy).at,
  }
}

function bindTeam(families: ModelFamilies, model: string, team: string): TeamSeries {
  return {
    tokensSent: families.tokens.bind(model, team, 'input').at,
    tokensReceived: families.tokens.bind(model, team, 'output').at,
    users: new SeriesCache((user) => families.cost.bind(model, team, user).at),
  }
}

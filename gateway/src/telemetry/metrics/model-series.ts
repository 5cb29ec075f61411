import { routeiqMetrics as names } from './names.ts'
import type { Counter } from './registry/counter.ts'
import type { Histogram } from './registry/histogram.ts'
import type { Registry } from './registry/registry.ts'
import { SeriesCache } from './registry/series-cache.ts'

/** Every series with one value of the label `model`, bound once and reached by short look-ups. */
export interface ModelSeries {
  readonly statuses: SeriesCache<Counter>
  readonly errors: SeriesCache<Counter>
  readonly providers: SeriesCache<ProviderSeries>
  readonly strategies: SeriesCache<StrategySeries>
  readonly teams: SeriesCache<TeamSeries>
  readonly costPerRequest: Histogram
  readonly costErrors: Counter
}

export interface ProviderSeries {
  readonly duration: Histogram
  readonly inputTokens: Histogram
  readonly outputTokens: Histogram
  readonly timeToFirstToken: Histogram
  readonly tokensPerSecond: Histogram
}

export interface StrategySeries {
  readonly duration: Histogram
  readonly selected: Counter
  readonly succeeded: Counter
  readonly failed: Counter
  readonly fellBack: Counter
  readonly costPer1k: Histogram
}

export interface TeamSeries {
  readonly inputTokens: Counter
  readonly outputTokens: Counter
  /** Cost in USD per user. */
  readonly users: SeriesCache<Counter>
}

/** Registers the metrics of finished requests and binds their series model by model. */
export class ModelSeriesTable {
  readonly #families

  constructor(registry: Registry) {
    this.#families = {
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

  bind(model: string): ModelSeries {
    const families = this.#families
    return {
      statuses: new SeriesCache((status) => families.requests.bind(model, status)),
      errors: new SeriesCache((type) => families.errors.bind(model, type)),
      providers: new SeriesCache((provider) => this.#bindProvider(model, provider)),
      strategies: new SeriesCache((strategy) => this.#bindStrategy(model, strategy)),
      teams: new SeriesCache((team) => this.#bindTeam(model, team)),
      costPerRequest: families.costPerRequest.bind(model),
      costErrors: families.costErrors.bind(model),
    }
  }

  #bindProvider(model: string, provider: string): ProviderSeries {
    const families = this.#families
    return {
      duration: families.duration.bind(model, provider),
      inputTokens: families.tokenUsage.bind(model, provider, 'input'),
      outputTokens: families.tokenUsage.bind(model, provider, 'output'),
      timeToFirstToken: families.timeToFirstToken.bind(model, provider),
      tokensPerSecond: families.tokensPerSecond.bind(model, provider),
    }
  }

  #bindStrategy(model: string, strategy: string): StrategySeries {
    const families = this.#families
    return {
      duration: families.decisionDuration.bind(strategy, model),
      selected: families.selection.bind(strategy, model),
      succeeded: families.strategyUsage.bind(strategy, 'success'),
      failed: families.strategyUsage.bind(strategy, 'error'),
      fellBack: families.strategyUsage.bind(strategy, 'fallback'),
      costPer1k: families.costPer1k.bind(model, strategy),
    }
  }

  #bindTeam(model: string, team: string): TeamSeries {
    const families = this.#families
    return {
      inputTokens: families.tokens.bind(model, team, 'input'),
      outputTokens: families.tokens.bind(model, team, 'output'),
      users: new SeriesCache((user) => families.cost.bind(model, team, user)),
    }
  }
}

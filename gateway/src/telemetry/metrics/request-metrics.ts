import type { Usage } from '../../conversation/usage.ts'
import type { RequestRecord } from '../request-record.ts'
import { type ModelSeries, ModelSeriesTable, type StrategySeries } from './model-series.ts'
import { routeiqMetrics } from './names.ts'
import type { Counter } from './registry/counter.ts'
import { otherLabel } from './registry/family.ts'
import type { Histogram } from './registry/histogram.ts'
import type { Registry } from './registry/registry.ts'
import { SeriesCache } from './registry/series-cache.ts'

const picoPerDollar = 1e12
const absent = 'none'

/** Counts finished model requests into RouteIQ's own metrics. Requests without an operation are not counted. */
export class RequestMetrics {
  readonly #models: SeriesCache<ModelSeries>
  readonly #tokensSaved: Histogram

  constructor(registry: Registry) {
    const table = new ModelSeriesTable(registry)
    this.#models = new SeriesCache((model) => table.bind(model))
    this.#tokensSaved = registry.histogram(routeiqMetrics.contextTokensSaved).bind()
  }

  observe(record: RequestRecord): void {
    if (record.operation === null) return
    if (record.contextTokensSaved > 0) this.#tokensSaved.observe(record.contextTokensSaved)
    const model = this.#models.get(record.group ?? otherLabel)
    model.statuses.get(String(record.status)).add()
    if (record.errorType !== null) model.errors.get(record.errorType).add()
    if (record.strategy !== null) observeRouting(record, model.strategies.get(record.strategy))
    if (record.target !== null) observeProvider(record, model, record.target.provider)
    if (record.usage !== null) observeUsage(record, model, record.usage)
  }
}

function observeRouting(record: RequestRecord, series: StrategySeries): void {
  if (record.routingMs !== null) series.duration.observe(record.routingMs / 1000)
  selectOutcome(record, series).add()
  series.selected.add()
}

function selectOutcome(record: RequestRecord, series: StrategySeries): Counter {
  if (record.strategyFellBack) return series.fellBack
  return record.status < 400 ? series.succeeded : series.failed
}

function observeProvider(record: RequestRecord, model: ModelSeries, provider: string): void {
  const series = model.providers.get(provider)
  series.duration.observe((record.endedAt - record.startedAt) / 1000)
  const firstByteAt = record.stream ? record.firstByteAt : null
  if (firstByteAt !== null && record.status < 400) {
    series.timeToFirstToken.observe((firstByteAt - record.startedAt) / 1000)
  }
  if (record.usage === null) return
  series.inputTokens.observe(record.usage.inputTokens)
  series.outputTokens.observe(record.usage.outputTokens)
  const generatingMs = firstByteAt === null ? record.upstreamMs : record.endedAt - firstByteAt
  if (generatingMs !== null && generatingMs > 0 && record.usage.outputTokens > 0) {
    series.tokensPerSecond.observe((record.usage.outputTokens * 1000) / generatingMs)
  }
}

function observeUsage(record: RequestRecord, model: ModelSeries, usage: Usage): void {
  const team = model.teams.get(record.caller.teamId ?? absent)
  team.inputTokens.add(usage.inputTokens)
  team.outputTokens.add(usage.outputTokens)
  if (record.costPico === null) {
    model.costErrors.add()
    return
  }
  const cost = Number(record.costPico) / picoPerDollar
  model.costPerRequest.observe(cost)
  team.users.get(record.caller.userId ?? absent).add(cost)
  const tokens = usage.inputTokens + usage.outputTokens
  if (record.strategy !== null && tokens > 0) {
    model.strategies.get(record.strategy).costPer1k.observe((cost * 1000) / tokens)
  }
}

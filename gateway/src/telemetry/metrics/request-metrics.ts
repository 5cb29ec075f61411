import type { Usage } from '../../conversation/usage.ts'
import type { RequestRecord } from '../request-record.ts'
import { type ModelFamilies, ModelSeries, registerModelFamilies } from './model-series.ts'
import { routeiqMetrics as names } from './names.ts'
import { otherLabel } from './registry/family.ts'
import type { Histogram } from './registry/histogram.ts'
import type { NumberSpace } from './registry/number-space.ts'
import type { Registry } from './registry/registry.ts'
import { SeriesCache } from './registry/series-cache.ts'

const picoPerDollar = 1e12
const absent = 'none'

/** Counts finished model requests into RouteIQ's own metrics. Requests without an operation are not counted. */
export class RequestMetrics {
  readonly #space: NumberSpace
  readonly #families: ModelFamilies
  readonly #models: SeriesCache<ModelSeries>
  readonly #tokensSaved: Histogram

  constructor(registry: Registry) {
    this.#space = registry.space
    this.#families = registerModelFamilies(registry)
    this.#models = new SeriesCache((model) => new ModelSeries(this.#families, model))
    this.#tokensSaved = registry.histogram(names.contextTokensSaved).bind()
  }

  observe(record: RequestRecord): void {
    if (record.operation === null) return
    if (record.contextTokensSaved > 0) this.#tokensSaved.observe(record.contextTokensSaved)
    const space = this.#space
    const series = this.#seriesOf(record)
    series.turnToStatus(record.status)
    space.add(series.requests, 1)
    if (record.errorType !== null) space.add(series.errors.get(record.errorType), 1)
    if (record.strategy !== null) observeRouting(space, series, record, record.strategy)
    if (record.target !== null) observeProvider(space, series, record, record.target.provider)
    if (record.usage !== null) observeUsage(space, series, record, record.usage)
  }

  #seriesOf({ group, target }: RequestRecord): ModelSeries {
    const notes = target?.notes
    if (group === null || notes === undefined) return this.#models.get(group ?? otherLabel)
    if (notes.series?.families !== this.#families) notes.series = this.#models.get(group)
    return notes.series
  }
}

function observeRouting(
  space: NumberSpace,
  series: ModelSeries,
  record: RequestRecord,
  strategy: string,
): void {
  series.turnToStrategy(strategy)
  if (record.routingMs !== null)
    space.observe(series.decisionDuration, names.routingDecisionDuration.buckets, record.routingMs / 1000)
  space.add(selectOutcome(record, series), 1)
  space.add(series.selected, 1)
}

function selectOutcome(record: RequestRecord, series: ModelSeries): number {
  if (record.strategyFellBack) return series.fellBack
  return record.status < 400 ? series.succeeded : series.failed
}

function observeProvider(
  space: NumberSpace,
  series: ModelSeries,
  record: RequestRecord,
  provider: string,
): void {
  series.turnToProvider(provider)
  const { startedAt, endedAt, usage } = record
  space.observe(series.duration, names.operationDuration.buckets, (endedAt - startedAt) / 1000)
  const firstByteAt = record.stream ? record.firstByteAt : null
  if (firstByteAt !== null && record.status < 400) {
    space.observe(series.timeToFirstToken, names.timeToFirstToken.buckets, (firstByteAt - startedAt) / 1000)
  }
  if (usage === null) return
  space.observe(series.inputTokens, names.tokenUsage.buckets, usage.inputTokens)
  space.observe(series.outputTokens, names.tokenUsage.buckets, usage.outputTokens)
  const generatingMs = firstByteAt === null ? record.upstreamMs : endedAt - firstByteAt
  if (generatingMs !== null && generatingMs > 0 && usage.outputTokens > 0) {
    const perSecond = (usage.outputTokens * 1000) / generatingMs
    space.observe(series.tokensPerSecond, names.tokensPerSecond.buckets, perSecond)
  }
}

function observeUsage(space: NumberSpace, series: ModelSeries, record: RequestRecord, usage: Usage): void {
  const { teamId, userId } = record.caller
  series.turnToTeam(teamId ?? absent)
  space.add(series.tokensSent, usage.inputTokens)
  space.add(series.tokensReceived, usage.outputTokens)
  if (record.costPico === null) {
    space.add(series.costErrors, 1)
    return
  }
  const cost = Number(record.costPico) / picoPerDollar
  space.observe(series.costPerRequest, names.costPerRequest.buckets, cost)
  series.turnToUser(teamId ?? absent, userId ?? absent)
  space.add(series.cost, cost)
  const tokens = usage.inputTokens + usage.outputTokens
  if (record.strategy !== null && tokens > 0) {
    space.observe(series.costPer1k, names.routingCostPer1k.buckets, (cost * 1000) / tokens)
  }
}

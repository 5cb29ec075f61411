import type { FailedAttempt, RequestCaller, RequestRecord } from '../request-record.ts'
import { type LitellmFamilies, registerLitellmFamilies } from './litellm-families.ts'
import {
  absent,
  bindLitellmSeries,
  type LitellmLabels,
  type LitellmSeries,
  listCallerLabels,
  listKeyLabels,
  listTargetLabels,
} from './litellm-series.ts'
import { otherLabel } from './registry/family.ts'
import type { Registry } from './registry/registry.ts'
import { SeriesCache } from './registry/series-cache.ts'

const picoPerDollar = 1e12
const healthy = 0
const partialOutage = 1
const outage = 2
const callerLimit = 8192

export interface LitellmMetricsOptions {
  /** Off under `disable_end_user_cost_tracking`: the label `end_user` then always reads `None`. */
  readonly trackEndUsers: boolean
  /** Requests in progress, read at each collection. */
  readonly countActive: () => number
}

interface CallerSeries {
  readonly caller: RequestCaller
  /** By end user, requested model, deployment id. */
  readonly endUsers: SeriesCache<SeriesCache<Map<string, LitellmSeries>>>
}

/** Counts finished requests into LiteLLM's metrics, for dashboards made for it. */
export class LitellmMetrics {
  readonly #families: LitellmFamilies
  readonly #trackEndUsers: boolean
  readonly #callers = new Map<string, CallerSeries>()

  constructor(registry: Registry, options: LitellmMetricsOptions) {
    this.#families = registerLitellmFamilies(registry)
    this.#trackEndUsers = options.trackEndUsers
    const inFlight = this.#families.inFlight.bind()
    registry.onCollect(() => inFlight.set(options.countActive()))
  }

  observe(record: RequestRecord): void {
    if (record.operation === null) return
    const labels = this.#readLabels(record)
    const series = this.#findSeries(labels)
    series.proxyRequests.get(String(record.status)).add()
    series.requestLatency.observe((record.endedAt - record.startedAt) / 1000)
    if (record.status >= 400) this.#countFailure(record, labels)
    for (const attempt of record.failedAttempts) this.#countFailedAttempt(attempt, labels)
    if (record.target === null) return
    observeCall(record, series)
    if (record.fallbacks > 0) this.#countFallback(record, labels)
  }

  #readLabels(record: RequestRecord): LitellmLabels {
    return {
      caller: record.caller,
      endUser: (this.#trackEndUsers ? record.endUser : null) ?? absent,
      requestedModel: record.group === null ? otherLabel : (record.requestedModel ?? absent),
      group: record.group ?? otherLabel,
      target: record.target,
    }
  }

  #findSeries(labels: LitellmLabels): LitellmSeries {
    const models = this.#findCaller(labels.caller).endUsers.get(labels.endUser)
    const deployments = models.get(labels.requestedModel)
    const deploymentId = labels.target?.deploymentId ?? ''
    const known = deployments.get(deploymentId)
    if (known) return known
    const series = bindLitellmSeries(this.#families, labels)
    deployments.set(deploymentId, series)
    return series
  }

  /** A key may change its alias, team or user; its series are then bound anew. */
  #findCaller(caller: RequestCaller): CallerSeries {
    const key = caller.keyHash ?? caller.kind
    const known = this.#callers.get(key)
    if (known && isSameCaller(known.caller, caller)) return known
    if (this.#callers.size >= callerLimit) this.#callers.clear()
    const fresh = {
      caller,
      endUsers: new SeriesCache(() => new SeriesCache(() => new Map<string, LitellmSeries>())),
    }
    this.#callers.set(key, fresh)
    return fresh
  }

  #countFailure(record: RequestRecord, labels: LitellmLabels): void {
    const exception = [String(record.status), record.errorType ?? absent]
    this.#families.proxyFailedRequests
      .bind(...listCallerLabels(labels), labels.requestedModel, ...exception)
      .add()
  }

  #countFailedAttempt(attempt: FailedAttempt, labels: LitellmLabels): void {
    const target = listTargetLabels(attempt.target)
    const key = listKeyLabels(labels.caller)
    const status = String(attempt.status)
    this.#families.deploymentFailures
      .bind(...target, labels.requestedModel, ...key, status, attempt.kind)
      .add()
    this.#families.deploymentRequests.bind(...target, labels.requestedModel, ...key).add()
    this.#families.deploymentState.bind(...target).set(attempt.cooledDown ? outage : partialOutage)
    if (attempt.cooledDown) this.#families.cooledDown.bind(...target, status).add()
  }

  #countFallback(record: RequestRecord, labels: LitellmLabels): void {
    const outcome = record.status < 400 ? this.#families.successfulFallbacks : this.#families.failedFallbacks
    outcome.bind(labels.requestedModel, labels.group, ...listKeyLabels(labels.caller)).add()
  }
}

function isSameCaller(left: RequestCaller, right: RequestCaller): boolean {
  return left.keyAlias === right.keyAlias && left.teamId === right.teamId && left.userId === right.userId
}

function observeCall(record: RequestRecord, series: LitellmSeries): void {
  series.requests.add()
  if (record.attempts > record.failedAttempts.length) {
    series.deploymentRequests.add()
    series.deploymentState.set(healthy)
  }
  if (record.upstreamMs !== null) {
    series.apiLatency.observe(record.upstreamMs / 1000)
    series.overheadLatency.observe(Math.max(0, record.endedAt - record.startedAt - record.upstreamMs) / 1000)
  }
  if (record.stream && record.firstByteAt !== null && record.status < 400) {
    series.timeToFirstToken.observe((record.firstByteAt - record.startedAt) / 1000)
  }
  if (record.costPico !== null) series.spend.add(Number(record.costPico) / picoPerDollar)
  if (record.usage === null) return
  const { inputTokens, outputTokens } = record.usage
  series.inputTokens.add(inputTokens)
  series.outputTokens.add(outputTokens)
  series.totalTokens.add(inputTokens + outputTokens)
  if (outputTokens > 0 && record.upstreamMs !== null) {
    series.latencyPerOutputToken.observe(record.upstreamMs / 1000 / outputTokens)
  }
}

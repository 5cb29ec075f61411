import type { RequestCaller, RequestTarget } from '../request-record.ts'
import type { LitellmFamilies } from './litellm-families.ts'
import type { Counter } from './registry/counter.ts'
import type { Gauge } from './registry/gauge.ts'
import type { Histogram } from './registry/histogram.ts'
import { SeriesCache } from './registry/series-cache.ts'

/** What LiteLLM writes for a missing value. */
export const absent = 'None'

/** All series of one caller, end user, requested model and deployment, bound once. */
export interface LitellmSeries {
  readonly spend: Counter
  readonly totalTokens: Counter
  readonly inputTokens: Counter
  readonly outputTokens: Counter
  readonly requests: Counter
  readonly requestLatency: Histogram
  readonly apiLatency: Histogram
  readonly timeToFirstToken: Histogram
  readonly overheadLatency: Histogram
  readonly deploymentRequests: Counter
  readonly latencyPerOutputToken: Histogram
  readonly deploymentState: Gauge
  /** By HTTP status. */
  readonly proxyRequests: SeriesCache<Counter>
}

/** The labels of one series set. `team_alias` is always absent: the record does not carry it. */
export interface LitellmLabels {
  readonly caller: RequestCaller
  readonly endUser: string
  readonly requestedModel: string
  readonly group: string
  readonly target: RequestTarget | null
}

export function listCallerLabels({ caller, endUser }: LitellmLabels): string[] {
  const { keyHash, keyAlias, teamId, userId } = caller
  return [endUser, keyHash ?? absent, keyAlias ?? absent, teamId ?? absent, absent, userId ?? absent]
}

export function listKeyLabels(caller: RequestCaller): string[] {
  return [caller.keyHash ?? absent, caller.keyAlias ?? absent, caller.teamId ?? absent, absent]
}

export function listTargetLabels(target: RequestTarget | null): string[] {
  if (target === null) return [absent, absent, absent, absent]
  return [target.upstreamModel, target.deploymentId, target.apiBase, target.provider]
}

export function bindLitellmSeries(families: LitellmFamilies, labels: LitellmLabels): LitellmSeries {
  const { requestedModel, group, target, caller } = labels
  const callerLabels = listCallerLabels(labels)
  const keyLabels = listKeyLabels(caller)
  const targetLabels = listTargetLabels(target)
  const model = target?.upstreamModel ?? absent
  const overhead = [
    group,
    target?.provider ?? absent,
    target?.apiBase ?? absent,
    model,
    ...keyLabels.slice(0, 2),
  ]
  return {
    spend: families.spend.bind(...callerLabels, model),
    totalTokens: families.totalTokens.bind(...callerLabels, requestedModel, model),
    inputTokens: families.inputTokens.bind(...callerLabels, requestedModel, model),
    outputTokens: families.outputTokens.bind(...callerLabels, requestedModel, model),
    requests: families.requests.bind(...callerLabels, model),
    requestLatency: families.requestLatency.bind(...callerLabels, requestedModel, model),
    apiLatency: families.apiLatency.bind(...callerLabels, requestedModel, model),
    timeToFirstToken: families.timeToFirstToken.bind(model, ...keyLabels),
    overheadLatency: families.overheadLatency.bind(...overhead),
    deploymentRequests: families.deploymentRequests.bind(...targetLabels, requestedModel, ...keyLabels),
    latencyPerOutputToken: families.latencyPerOutputToken.bind(...targetLabels, ...keyLabels),
    deploymentState: families.deploymentState.bind(...targetLabels),
    proxyRequests: new SeriesCache((status) =>
      families.proxyTotalRequests.bind(...callerLabels, requestedModel, status),
    ),
  }
}

import type { RequestRecord } from '../request-record.ts'
import { ActiveRequests } from './active-requests.ts'
import { AgentMetrics } from './agent-metrics.ts'
import { BackpressureMetrics } from './backpressure-metrics.ts'
import { BreakerMetrics } from './breaker-metrics.ts'
import { LitellmMetrics } from './litellm-metrics.ts'
import { McpMetrics } from './mcp-metrics.ts'
import { ModelChoiceMetrics } from './model-choice-metrics.ts'
import { routeiqMetrics } from './names.ts'
import { PluginMetrics } from './plugin-metrics.ts'
import { type ProcessSource, registerProcessMetrics } from './process-metrics.ts'
import { Registry } from './registry/registry.ts'
import { RequestMetrics } from './request-metrics.ts'
import type { MetricsSnapshot } from './snapshot.ts'

export interface MetricsOptions {
  readonly redactText: (text: string) => string
  /** LiteLLM's metrics beside our own (`callbacks: ["prometheus"]`); null leaves them out. */
  readonly litellm: { readonly trackEndUsers: boolean } | null
  readonly source: ProcessSource
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Read at each collection. */
  readonly countLosses: () => {
    readonly records: number
    readonly logLines: number
    readonly spans: number
  }
  /** Bounds the series of each metric; 1000 unless given. */
  readonly cap?: number
}

/** Everything this process measures. `snapshot()` and `formatPrometheus` make the answer of `GET /metrics`. */
export interface Metrics {
  readonly observe: (record: RequestRecord) => void
  readonly active: ActiveRequests
  readonly backpressure: BackpressureMetrics
  readonly breakers: BreakerMetrics
  readonly modelChoices: ModelChoiceMetrics
  /** One more answer of the Skill Router that was made with less than everything. */
  readonly countDegradedSkillAnswer: (reason: string) => void
  readonly countTraces: (outcome: 'stored' | 'refused' | 'failed', count: number) => void
  readonly countDecisionWriteFailure: () => void
  /** A call passed a quota or usage policy although nobody could say what was used. */
  readonly countUncountedCall: () => void
  /** A question was looked for among those that were answered before. */
  readonly countSimilarQuestion: (result: 'hit' | 'miss') => void
  readonly countAuditWriteFailure: () => void
  readonly countDroppedAuditRow: () => void
  readonly agents: AgentMetrics
  readonly mcp: McpMetrics
  readonly plugins: PluginMetrics
  readonly observeSkillInvocation: (invocation: {
    readonly type: string
    readonly namespace: string | null
    readonly status: string
    readonly durationMs: number
  }) => void
  readonly eventLoopLagMs: () => number
  readonly snapshot: () => MetricsSnapshot
  readonly close: () => void
}

export function createMetrics(options: MetricsOptions): Metrics {
  const { redactText, cap, litellm, source, now } = options
  const registry = new Registry(cap === undefined ? { redactText } : { redactText, cap })
  const requests = new RequestMetrics(registry)
  const active = new ActiveRequests(registry)
  const compatible =
    litellm === null ? null : new LitellmMetrics(registry, { ...litellm, countActive: () => active.total })
  registerLosses(registry, options.countLosses)
  const degraded = registry.counter(routeiqMetrics.skillRouterDegraded)
  const traces = registry.counter(routeiqMetrics.skillTraces)
  const decisionFailures = registry.counter(routeiqMetrics.skillDecisionsLost).bind()
  const uncounted = registry.counter(routeiqMetrics.uncountedCalls).bind()
  const similarQuestions = registry.counter(routeiqMetrics.similarQuestions)
  const auditFailures = registry.counter(routeiqMetrics.auditWriteFailures).bind()
  const auditDrops = registry.counter(routeiqMetrics.auditRowsDropped).bind()
  const invocations = registry.counter(routeiqMetrics.skillInvocations)
  const invocationDuration = registry.histogram(routeiqMetrics.skillInvocationDuration)
  const ownProcess = registerProcessMetrics(registry, { source, now })
  return {
    observe: (record) => {
      requests.observe(record)
      compatible?.observe(record)
    },
    active,
    backpressure: new BackpressureMetrics(registry),
    breakers: new BreakerMetrics(registry),
    modelChoices: new ModelChoiceMetrics(registry),
    countDegradedSkillAnswer: (reason) => degraded.bind(reason).add(),
    countTraces: (outcome, count) => traces.bind(outcome).add(count),
    countDecisionWriteFailure: () => decisionFailures.add(),
    countUncountedCall: () => uncounted.add(),
    countSimilarQuestion: (result) => similarQuestions.bind(result).add(),
    countAuditWriteFailure: () => auditFailures.add(),
    countDroppedAuditRow: () => auditDrops.add(),
    agents: new AgentMetrics(registry),
    mcp: new McpMetrics(registry),
    plugins: new PluginMetrics(registry),
    observeSkillInvocation: ({ type, namespace, status, durationMs }) => {
      invocations.bind(type, namespace ?? '', status).add()
      invocationDuration.bind(type).observe(durationMs / 1000)
    },
    eventLoopLagMs: ownProcess.eventLoopLagMs,
    snapshot: () => registry.snapshot(),
    close: ownProcess.close,
  }
}

function registerLosses(registry: Registry, countLosses: MetricsOptions['countLosses']): void {
  const records = registry.counter(routeiqMetrics.recordsDropped).bind()
  const logLines = registry.counter(routeiqMetrics.logLinesDropped).bind()
  const spans = registry.counter(routeiqMetrics.spansDropped).bind()
  registry.onCollect(() => {
    const losses = countLosses()
    records.value = losses.records
    logLines.value = losses.logLines
    spans.value = losses.spans
  })
}

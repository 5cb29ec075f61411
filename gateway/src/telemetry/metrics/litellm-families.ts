import { litellmMetrics as names } from './names.ts'
import type { Registry } from './registry/registry.ts'

export type LitellmFamilies = ReturnType<typeof registerLitellmFamilies>

export function registerLitellmFamilies(registry: Registry) {
  return {
    spend: registry.counter(names.spend),
    totalTokens: registry.counter(names.totalTokens),
    inputTokens: registry.counter(names.inputTokens),
    outputTokens: registry.counter(names.outputTokens),
    requests: registry.counter(names.requests),
    proxyTotalRequests: registry.counter(names.proxyTotalRequests),
    proxyFailedRequests: registry.counter(names.proxyFailedRequests),
    requestLatency: registry.histogram(names.requestLatency),
    apiLatency: registry.histogram(names.apiLatency),
    timeToFirstToken: registry.histogram(names.timeToFirstToken),
    overheadLatency: registry.histogram(names.overheadLatency),
    inFlight: registry.gauge(names.inFlight),
    deploymentState: registry.gauge(names.deploymentState),
    deploymentRequests: registry.counter(names.deploymentRequests),
    deploymentFailures: registry.counter(names.deploymentFailures),
    latencyPerOutputToken: registry.histogram(names.latencyPerOutputToken),
    cooledDown: registry.counter(names.cooledDown),
    successfulFallbacks: registry.counter(names.successfulFallbacks),
    failedFallbacks: registry.counter(names.failedFallbacks),
  } as const
}

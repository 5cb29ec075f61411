import { routeiqMetrics } from './names.ts'
import type { Gauge } from './registry/gauge.ts'
import type { Histogram } from './registry/histogram.ts'
import type { Registry } from './registry/registry.ts'

interface FinishedToolCall {
  /** An id of the registry. */
  readonly server: string
  /** `success` or what went wrong. */
  readonly outcome: string
  readonly durationMs: number
}

/** Calls of tools, the sessions on both sides of them, and what was held back or waits. */
export class McpMetrics {
  /** Calls of tools that wait for their clients. */
  readonly parkedCalls: Gauge
  readonly observeCall: (call: FinishedToolCall) => void
  readonly countQuarantine: (server: string) => void
  /** A request of a client was answered; `method` is one that the gateway knows, never a client's own word. */
  readonly observeAnswer: (method: string, durationMs: number) => void
  /** A session of a client is over. */
  readonly observeClientSession: (transport: 'http' | 'sse', durationMs: number) => void
  /** A session at a server was opened; the answer is to be called when it is over. */
  readonly beginServerSession: (server: string) => (durationMs: number) => void

  constructor(registry: Registry) {
    const calls = registry.counter(routeiqMetrics.toolCalls)
    const callDuration = registry.histogram(routeiqMetrics.toolCallDuration)
    this.observeCall = ({ server, outcome, durationMs }) => {
      calls.bind(server, outcome).add()
      callDuration.bind(server).observe(durationMs / 1000)
    }
    const quarantined = registry.counter(routeiqMetrics.toolsQuarantined)
    this.countQuarantine = (server) => quarantined.bind(server).add()
    this.parkedCalls = registry.gauge(routeiqMetrics.toolCallsParked).bind()
    const answers = registry.histogram(routeiqMetrics.mcpAnswerDuration)
    const byMethod = new Map<string, Histogram>()
    this.observeAnswer = (method, durationMs) => {
      const series = byMethod.get(method) ?? answers.bind(method)
      byMethod.set(method, series)
      series.observe(durationMs / 1000)
    }
    const clientSessions = registry.histogram(routeiqMetrics.mcpClientSessionDuration)
    this.observeClientSession = (transport, durationMs) =>
      clientSessions.bind(transport).observe(durationMs / 1000)
    const serverSessions = registry.histogram(routeiqMetrics.mcpServerSessionDuration)
    const open = registry.gauge(routeiqMetrics.mcpServerSessions)
    this.beginServerSession = (server) => {
      open.bind(server).add(1)
      return (durationMs) => {
        open.bind(server).add(-1)
        serverSessions.bind(server).observe(durationMs / 1000)
      }
    }
  }
}

import { routeiqMetrics } from './names.ts'
import type { Counter } from './registry/counter.ts'
import type { Gauge } from './registry/gauge.ts'
import type { Registry } from './registry/registry.ts'

interface AgentCallOutcome {
  readonly agent: string
  /** `success`, or why not. */
  readonly outcome: string
  readonly durationMs: number
  /** To the first event of a stream; null for other calls. */
  readonly firstEventMs: number | null
}

/** Calls of agents, what was lost between their versions, and the news of their tasks. */
export class AgentMetrics {
  readonly openStreams: Gauge
  readonly observeCall: (call: AgentCallOutcome) => void
  readonly countDropped: Readonly<Record<'up' | 'down', () => void>>
  readonly countPush: (outcome: 'delivered' | 'dropped') => void

  constructor(registry: Registry) {
    this.openStreams = registry.gauge(routeiqMetrics.agentStreams).bind()
    const calls = registry.counter(routeiqMetrics.agentCalls)
    const duration = registry.histogram(routeiqMetrics.agentCallDuration)
    const firstEvent = registry.histogram(routeiqMetrics.agentFirstEvent)
    this.observeCall = ({ agent, outcome, durationMs, firstEventMs }) => {
      calls.bind(agent, outcome).add()
      duration.bind(agent).observe(durationMs / 1000)
      if (firstEventMs !== null) firstEvent.bind(agent).observe(firstEventMs / 1000)
    }
    const drops = registry.counter(routeiqMetrics.agentDrops)
    const pushes = registry.counter(routeiqMetrics.agentPushes)
    const counting = (counter: Counter) => () => counter.add()
    this.countDropped = { up: counting(drops.bind('up')), down: counting(drops.bind('down')) }
    this.countPush = (outcome) => pushes.bind(outcome).add()
  }
}

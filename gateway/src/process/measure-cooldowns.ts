import type { DeploymentStates } from '../balancing/deployment-states.ts'
import type { BreakerMetrics } from '../telemetry/metrics/breaker-metrics.ts'

/** Shows every cooldown of this process as a breaker that opens, and closes when its time is over. */
export function measureCooldowns(states: DeploymentStates, breakers: BreakerMetrics): void {
  states.onCooldown(({ deploymentId, durationMs }) => {
    const name = `deployment:${deploymentId}`
    breakers.setState(name, 'open')
    setTimeout(() => {
      const { cooldown } = states.get(deploymentId)
      if (cooldown === null || cooldown.untilMs <= Date.now()) breakers.setState(name, 'closed')
    }, durationMs + 1).unref()
  })
}

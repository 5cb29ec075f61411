import type { DeploymentStates } from '../balancing/deployment-states.ts'
import type { PluginHost } from '../plugins/plugin-host.ts'
import type { BreakerMetrics } from '../telemetry/metrics/breaker-metrics.ts'

/** Shows every cooldown of this process as a breaker that opens, and closes when its time is over or somebody ends it; and those of providers. */
export function measureCooldowns(
  states: DeploymentStates,
  breakers: BreakerMetrics,
  plugins: PluginHost | null,
): void {
  const cooling = new Set<string>()
  const close = (deploymentId: string): void => {
    breakers.setState(`deployment:${deploymentId}`, 'closed')
    if (cooling.delete(deploymentId)) tell(plugins, deploymentId, 'closed')
  }
  states.providers.onChange((provider, before, after) => {
    breakers.setState(`provider:${provider}`, after)
    plugins?.tell('onCircuitBreakerChange', `provider:${provider}`, before, after)
  })
  states.onRecovery(close)
  states.onCooldown(({ deploymentId, durationMs }) => {
    breakers.setState(`deployment:${deploymentId}`, 'open')
    if (!cooling.has(deploymentId)) tell(plugins, deploymentId, 'open')
    cooling.add(deploymentId)
    setTimeout(() => {
      const { cooldown } = states.get(deploymentId)
      if (cooldown !== null && cooldown.untilMs > Date.now()) return
      close(deploymentId)
    }, durationMs + 1).unref()
  })
}

function tell(plugins: PluginHost | null, deploymentId: string, state: 'open' | 'closed'): void {
  const isOpen = state === 'open'
  plugins?.tell('onCircuitBreakerChange', `deployment:${deploymentId}`, isOpen ? 'closed' : 'open', state)
  plugins?.tell('onModelHealthChange', deploymentId, !isOpen, isOpen ? 'cooldown' : 'cooldown_over')
}

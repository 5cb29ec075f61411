import type { ProviderBreakerConfig, ProviderBreakerLimits } from '../config.ts'
import type { Environment } from '../source/interpolate.ts'
import type { ConfigSections } from './config-sections.ts'

const ownVariable =
  /^ROUTEIQ_CB_([A-Z0-9_]+)_(FAILURE_THRESHOLD|SUCCESS_THRESHOLD|TIMEOUT_SECONDS|WINDOW_SECONDS)$/

/** Circuit breakers of providers, with `ROUTEIQ_CB_<PROVIDER>_…` for single ones; null where they are off. */
export function readProviderBreakers(
  { settings, report }: ConfigSections,
  env: Environment,
): ProviderBreakerConfig | null {
  if (!settings.boolean('resilience.provider_circuit_breaker_enabled')) return null
  const limits: ProviderBreakerLimits = {
    failureThreshold: Math.max(1, settings.number('process.breaker_failure_threshold')),
    successThreshold: Math.max(1, settings.number('process.breaker_success_threshold')),
    openMs: settings.number('process.breaker_timeout') * 1_000,
    windowMs: settings.number('process.breaker_window') * 1_000,
  }
  const byProvider: Record<string, ProviderBreakerLimits> = {}
  for (const [name, value = ''] of Object.entries(env)) {
    const [, provider = '', field = ''] = ownVariable.exec(name) ?? []
    if (provider === '' || value === '') continue
    const id = provider.toLowerCase()
    const amount = Number(value)
    if (amount > 0) byProvider[id] = withOwn(byProvider[id] ?? limits, field, amount)
    else report.fatal(name, `${value} is no number above 0`)
  }
  return { limits, byProvider }
}

function withOwn(limits: ProviderBreakerLimits, field: string, amount: number): ProviderBreakerLimits {
  if (field === 'FAILURE_THRESHOLD') return { ...limits, failureThreshold: Math.ceil(amount) }
  if (field === 'SUCCESS_THRESHOLD') return { ...limits, successThreshold: Math.ceil(amount) }
  const milliseconds = amount * 1_000
  return field === 'TIMEOUT_SECONDS'
    ? { ...limits, openMs: milliseconds }
    : { ...limits, windowMs: milliseconds }
}

import type { SkillInjectionConfig } from '../config.ts'
import type { ConfigSections } from './config-sections.ts'

/** The operator's choices for skills in requests. */
export function readInjectionConfig({ settings }: ConfigSections): SkillInjectionConfig {
  const count = (name: string): number => Math.max(0, settings.number(`skills.injection.${name}`))
  const cacheControl = settings.text('skills.cache_control')
  const byDefault = settings.text('skills.injection.default') ?? 'off'
  return {
    byDefault: byDefault === 'off' ? null : byDefault,
    allowOverride: settings.boolean('skills.injection.allow_override'),
    menuTokens: count('menu_tokens'),
    bodies: count('bodies'),
    bodyTokens: count('body_tokens'),
    rounds: count('rounds'),
    routeTimeoutMs: count('route_timeout_ms'),
    beforeSystem: settings.text('skills.placement') === 'before_system',
    cacheControl: cacheControl === 'always' || cacheControl === 'never' ? cacheControl : 'auto',
    holdsPreamble: settings.text('skills.injection.preamble') === 'hold',
    readsFiles: settings.boolean('skills.injection.files'),
  }
}

import { z } from 'zod'
import type { FallbackTable, RoutingConfig, SpendLimitConfig } from '../config.ts'
import type { ConfigFlags } from '../config-flags.ts'
import type { Environment } from '../source/interpolate.ts'
import { isRecord, toNumber, toText, type UnknownRecord } from '../values/coerce.ts'
import type { Section } from '../values/section.ts'
import { type ConfigSections, firstGiven, sectionWith } from './config-sections.ts'
import { readFallbackTable, readFallbackTargets } from './fallbacks.ts'
import { readProviderBreakers } from './provider-breakers-config.ts'
import type { StrategyChoice } from './strategy.ts'

const defaultTimeoutMs = 600_000

/** Routing, retries, fallbacks, cooldown and time limits. */
export function readRoutingConfig(
  sections: ConfigSections,
  flags: ConfigFlags,
  { chosen, args }: StrategyChoice,
  env: Environment,
): RoutingConfig {
  const timeoutMs = readTimeout(sections, flags)
  const count = (key: string): number | null => firstGiven(sections, (section) => section.count(key))
  const duration = (key: string): number | null =>
    firstGiven(sections, (section) => section.milliseconds(key))
  const boolean = (key: string): boolean | null => firstGiven(sections, (section) => section.boolean(key))
  return {
    providerBudgets: readProviderBudgets(mapOf(sections, 'provider_budget_config'), sections),
    strategy: chosen.balancing,
    strategyArgs: chosen.model === null ? args : {},
    numRetries: count('num_retries') ?? 2,
    maxFallbacks: sections.settings.number('router_settings.max_fallbacks'),
    maxTotalAttempts: count('max_total_attempts') ?? 8,
    retryAfterMs: duration('retry_after') ?? 0,
    timeoutMs,
    streamTimeoutMs: duration('stream_timeout') ?? timeoutMs,
    streamIdleTimeoutMs: duration('stream_idle_timeout') ?? 300_000,
    cooldownMs: duration('cooldown_time') ?? 5000,
    disableCooldowns: boolean('disable_cooldowns') ?? false,
    allowedFails: count('allowed_fails'),
    providerBreakers: readProviderBreakers(sections, env),
    allowedFailsPolicy: numbersOf(mapOf(sections, 'allowed_fails_policy')),
    retryPolicy: numbersOf(mapOf(sections, 'retry_policy')),
    modelGroupRetryPolicy: readGroupPolicies(mapOf(sections, 'model_group_retry_policy')),
    fallbacks: fallbackTable(sections, 'fallbacks'),
    contextWindowFallbacks: fallbackTable(sections, 'context_window_fallbacks'),
    contentPolicyFallbacks: fallbackTable(sections, 'content_policy_fallbacks'),
    defaultFallbacks: readDefaultFallbacks(sections),
    fallbackOnBadRequest: boolean('fallback_on_bad_request') ?? false,
    chatForMessages: boolean('use_chat_completions_url_for_anthropic_messages') ?? false,
    fallbacksIgnoreKeyModels: boolean('fallbacks_ignore_key_models') ?? true,
    enablePreCallChecks: boolean('enable_pre_call_checks') ?? false,
    conversationAffinity: sections.settings.boolean('conversation_affinity.enabled')
      ? {
          ttlMs: sections.settings.number('conversation_affinity.ttl') * 1_000,
          mostEntries: sections.settings.number('conversation_affinity.max_entries'),
        }
      : null,
    enableTagFiltering: boolean('enable_tag_filtering') ?? false,
    regions: readRegions(sections),
    tagFilteringMatchAny: boolean('tag_filtering_match_any') ?? true,
    defaultMaxParallelRequests: count('default_max_parallel_requests'),
  }
}

/** `router_settings.timeout` beats `request_timeout`, wherever that is written. */
function readTimeout(sections: ConfigSections, flags: ConfigFlags): number {
  if (flags.requestTimeoutSeconds !== undefined) return Math.round(flags.requestTimeoutSeconds * 1000)
  const requestTimeout = (section: Section): number | null => section.milliseconds('request_timeout')
  return sections.router.milliseconds('timeout') ?? firstGiven(sections, requestTimeout) ?? defaultTimeoutMs
}

function mapOf(sections: ConfigSections, key: string): UnknownRecord {
  return sectionWith(sections, key)?.record(key) ?? {}
}

function numbersOf(values: UnknownRecord): Record<string, number> {
  const entries = Object.entries(values).map(([name, value]) => [name, toNumber(value)] as const)
  return Object.fromEntries(entries.filter((entry): entry is [string, number] => entry[1] !== undefined))
}

function readGroupPolicies(groups: UnknownRecord): Record<string, Record<string, number>> {
  const entries = Object.entries(groups).map(([group, policy]) => [
    group,
    numbersOf(isRecord(policy) ? policy : {}),
  ])
  return Object.fromEntries(entries)
}

function fallbackTable(sections: ConfigSections, key: string): FallbackTable {
  const section = sectionWith(sections, key)
  return readFallbackTable(section?.values[key], [...(section?.path ?? []), key], sections.report)
}

function readDefaultFallbacks(sections: ConfigSections): RoutingConfig['defaultFallbacks'] {
  const section = sectionWith(sections, 'default_fallbacks')
  if (section === null) return []
  return readFallbackTargets(
    section.values['default_fallbacks'],
    [...section.path, 'default_fallbacks'],
    sections.report,
  )
}

/** `{openai: {budget_limit: 10, time_period: 1d}}`. */
function readProviderBudgets(
  table: UnknownRecord,
  { report }: ConfigSections,
): Readonly<Record<string, SpendLimitConfig>> {
  const budgets: Record<string, SpendLimitConfig> = {}
  for (const [provider, value] of Object.entries(table)) {
    const limit = isRecord(value) ? value : {}
    const maxUsd = toNumber(limit['budget_limit'] ?? limit['max_budget'])
    const duration = toText(limit['time_period'] ?? limit['budget_duration']) ?? null
    if (maxUsd !== undefined && maxUsd >= 0) budgets[provider.toLowerCase()] = { maxUsd, duration }
    else
      report.error(
        ['router_settings', 'provider_budget_config', provider],
        'a provider needs a `budget_limit` in USD; it has no budget',
        'for example {budget_limit: 10, time_period: 1d}',
      )
  }
  return budgets
}

const regionMap = z.record(z.string(), z.array(z.string()).or(z.string().transform((one) => [one])))

function readRegions({ settings, report }: ConfigSections): RoutingConfig['regions'] {
  if (!settings.boolean('region_routing.enabled')) return null
  const map = regionMap.safeParse(settings.json('region_routing.region_map'))
  for (const { path, message } of map.error?.issues ?? [])
    report.fatal(['routeiq', 'region_routing', 'region_map', ...path.map(String)], message)
  return {
    header: (settings.text('region_routing.region_header') ?? 'x-routeiq-region').toLowerCase(),
    map: map.data ?? {},
    isHard: settings.boolean('region_routing.hard_residency_default'),
  }
}

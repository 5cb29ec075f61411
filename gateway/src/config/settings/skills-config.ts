import { resolve } from 'node:path'
import type { PluginsConfig, SkillsConfig } from '../config.ts'
import type { ConfigSections } from './config-sections.ts'

const dayMs = 86_400_000
/** More than that no request may carry. */
const largestTotalBytes = 30_000_000

/** What the skill store takes and serves. */
export function readSkillsConfig(sections: ConfigSections, plugins: PluginsConfig): SkillsConfig {
  const { settings } = sections
  return {
    scan: {
      onBlock: (settings.text('skills.scan.on_block') ?? 'quarantine') as SkillsConfig['scan']['onBlock'],
      onFlag: settings.text('skills.scan.on_flag') === 'quarantine' ? 'quarantine' : 'allow',
    },
    isStrict: settings.text('skills.validation') === 'strict',
    minBodyChars: settings.number('skills.min_body_chars'),
    maxTotalBytes: readMaxTotalBytes(settings.number('skills.max_total_bytes')),
    mode: readMode(settings.text('skills.mode')),
    neutralDialect: settings.text('skills.neutral_dialect') === 'openai' ? 'openai' : 'anthropic',
    maxPerRequest: Math.max(1, settings.number('skills.max_per_request')),
    onUnavailable: settings.text('skills.on_unavailable') === 'drop' ? 'drop' : 'error',
    runsCode: settings.text('skills.code_execution') === 'sandbox',
    nativeFallback: settings.text('skills.native_fallback') === 'inject' ? 'inject' : 'error',
    providerCopyTtlMs: Math.max(1, settings.number('skills.provider_copy_ttl')) * dayMs,
    isRegistryPublic: settings.boolean('registry.public_read'),
    publishNeedsBenchmark: settings.boolean('publish.require_benchmark'),
    wellKnown: readWellKnown(sections, plugins),
    isServedOverMcp: settings.boolean('skills.mcp.enabled'),
    marketplace: {
      isEnabled: settings.boolean('skills.marketplace.enabled'),
      name: settings.text('skills.marketplace.name') ?? 'routeiq',
      owner: settings.text('skills.marketplace.owner') ?? 'RouteIQ',
    },
  }
}

const sourceNames: ReadonlySet<string> = new Set(['dir', 'store'])

function readWellKnown(sections: ConfigSections, { builtIn }: PluginsConfig): SkillsConfig['wellKnown'] {
  const { settings, report } = sections
  const directory = settings.text('skills.well_known.dir') ?? settings.text('skills_discovery.skills_dir')
  const sources = settings.list('skills.well_known.sources')
  const unknown = sources.find((source) => !sourceNames.has(source))
  if (unknown !== undefined)
    report.warn('routeiq.skills.well_known.sources', `${unknown} is no source of skills; use dir or store`)
  return {
    isEnabled: builtIn.has('skills-discovery') || settings.boolean('skills.well_known.enabled'),
    directory: directory === null ? null : resolve(directory),
    hasDirectory: sources.includes('dir'),
    hasStore: sources.includes('store'),
    allowsLeadingDigit: settings.boolean('skills.well_known.allow_leading_digit'),
    requestsPerMinute: settings.number('skills.well_known.requests_per_minute') || Number.POSITIVE_INFINITY,
  }
}

const readMaxTotalBytes = (bytes: number): number => Math.min(largestTotalBytes, Math.max(1, bytes))

/** `litellm` is LiteLLM's word for its own database. */
function readMode(mode: string | null): SkillsConfig['mode'] {
  if (mode === 'database' || mode === 'litellm') return 'database'
  return mode === 'passthrough' ? 'passthrough' : 'auto'
}

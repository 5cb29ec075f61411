import type { ContentFilterConfig, GuardsConfig, InjectionGuardConfig, PiiGuardConfig } from '../config.ts'
import type { ConfigSections } from './config-sections.ts'

/** The guards that are built in, by the names `LLMROUTER_PLUGINS` has for them. */
export const guardNames: Readonly<Record<keyof GuardsConfig, string>> = {
  pii: 'pii-guard',
  injection: 'prompt-injection-guard',
  contentFilter: 'content-filter',
}

const harmCategories = ['violence', 'hate_speech', 'sexual', 'self_harm', 'illegal_activity']
const entityTypes = ['SSN', 'CREDIT_CARD', 'EMAIL', 'PHONE', 'IP_ADDRESS']

/** How each guard looks, if it is on: by its own variable, or by being among the `listed`. */
export function readGuardsConfig(sections: ConfigSections, listed: ReadonlySet<string>): GuardsConfig {
  const { settings } = sections
  const isOn = (guard: keyof GuardsConfig, setting: string): boolean =>
    settings.boolean(setting) || listed.has(guardNames[guard])
  return {
    pii: isOn('pii', 'process.pii_enabled') ? readPiiGuard(sections) : null,
    injection: isOn('injection', 'process.injection_enabled') ? readInjectionGuard(sections) : null,
    contentFilter: isOn('contentFilter', 'content_filter.enabled') ? readContentFilter(sections) : null,
  }
}

function readPiiGuard({ settings, report }: ConfigSections): PiiGuardConfig {
  const given = settings.list('process.pii_entity_types').map((type) => type.toUpperCase())
  const unknown = given.find((type) => !entityTypes.includes(type))
  if (unknown !== undefined)
    report.fatal(
      'GUARDRAIL_PII_ENTITY_TYPES',
      `${unknown} is no kind of personal data`,
      `use ${entityTypes.join(', ')}`,
    )
  const action = (settings.text('process.pii_action') ?? 'redact') as PiiGuardConfig['action']
  return { action, entityTypes: given }
}

function readInjectionGuard({ settings }: ConfigSections): InjectionGuardConfig {
  return { action: (settings.text('process.injection_action') ?? 'block') as InjectionGuardConfig['action'] }
}

function readContentFilter({ settings, report }: ConfigSections): ContentFilterConfig {
  const categories = settings.list('content_filter.categories').map((name) => name.toLowerCase())
  const unknown = categories.find((name) => !harmCategories.includes(name))
  if (unknown !== undefined)
    report.fatal(
      'CONTENT_FILTER_CATEGORIES',
      `${unknown} is no category of harmful content`,
      `use ${harmCategories.join(', ')}`,
    )
  const threshold = settings.number('content_filter.threshold')
  if (threshold < 0 || threshold > 1)
    report.fatal('CONTENT_FILTER_THRESHOLD', 'the threshold is a number from 0 to 1')
  const action = (settings.text('content_filter.action') ?? 'block') as ContentFilterConfig['action']
  return { action, threshold, categories }
}

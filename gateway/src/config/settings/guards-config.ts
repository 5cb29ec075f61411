import type {
  BedrockGuardrailsConfig,
  ContentFilterConfig,
  GuardsConfig,
  InjectionGuardConfig,
  LlamaGuardConfig,
  PiiGuardConfig,
} from '../config.ts'
import { readAccount } from '../models/account.ts'
import { type ProviderCatalog, readProviderAccount } from '../provider-catalog.ts'
import type { Environment } from '../source/interpolate.ts'
import { Section } from '../values/section.ts'
import type { ConfigSections } from './config-sections.ts'

/** The guards that are built in, by the names `LLMROUTER_PLUGINS` has for them. */
export const guardNames: Readonly<Record<keyof GuardsConfig, string>> = {
  pii: 'pii-guard',
  injection: 'prompt-injection-guard',
  contentFilter: 'content-filter',
  llamaGuard: 'llamaguard',
  bedrockGuardrails: 'bedrock-guardrails',
}

const harmCategories = ['violence', 'hate_speech', 'sexual', 'self_harm', 'illegal_activity']
const entityTypes = ['SSN', 'CREDIT_CARD', 'EMAIL', 'PHONE', 'IP_ADDRESS']

/** How each guard looks, if it is on: by its own variable, or by being among the `listed`. */
export function readGuardsConfig(
  sections: ConfigSections,
  listed: ReadonlySet<string>,
  providers: ProviderCatalog,
  env: Environment,
): GuardsConfig {
  const { settings } = sections
  const isOn = (guard: keyof GuardsConfig, setting: string): boolean =>
    settings.boolean(setting) || listed.has(guardNames[guard])
  return {
    pii: isOn('pii', 'process.pii_enabled') ? readPiiGuard(sections) : null,
    injection: isOn('injection', 'process.injection_enabled') ? readInjectionGuard(sections) : null,
    contentFilter: isOn('contentFilter', 'content_filter.enabled') ? readContentFilter(sections) : null,
    llamaGuard: isOn('llamaGuard', 'process.llamaguard_enabled') ? readLlamaGuard(sections) : null,
    bedrockGuardrails: isOn('bedrockGuardrails', 'process.bedrock_guardrail_enabled')
      ? readBedrockGuardrails(sections, providers, env)
      : null,
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

function readLlamaGuard({ settings, report }: ConfigSections): LlamaGuardConfig {
  const written = settings.text('process.llamaguard_endpoint') ?? ''
  const url = URL.canParse(written) ? new URL(written) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    report.fatal(
      'LLAMAGUARD_ENDPOINT',
      'the guard `llamaguard` needs the http or https address of its model, without a password',
      'for example http://vllm:8000/v1; a key goes into LLAMAGUARD_API_KEY',
    )
  return {
    ...describeEndpoint(url ?? new URL('http://localhost')),
    model: settings.text('process.llamaguard_model') ?? '',
    apiKey: settings.text('process.llamaguard_api_key'),
    timeoutMs: settings.number('process.llamaguard_timeout') * 1000,
    failMode: (settings.text('process.llamaguard_fail_mode') ?? 'closed') as LlamaGuardConfig['failMode'],
  }
}

/** A server is asked for chat completions, unless its address is that of something else. */
function describeEndpoint(url: URL): Pick<LlamaGuardConfig, 'endpoint' | 'form'> {
  const path = url.pathname.replace(/\/+$/, '')
  if (path.endsWith('/chat/completions')) return { endpoint: url.href, form: 'chat' }
  if (path !== '' && !path.endsWith('/v1')) return { endpoint: url.href, form: 'completion' }
  url.pathname = `${path === '' ? '/v1' : path}/chat/completions`
  return { endpoint: url.href, form: 'chat' }
}

function readBedrockGuardrails(
  { settings, report }: ConfigSections,
  providers: ProviderCatalog,
  env: Environment,
): BedrockGuardrailsConfig {
  const id = settings.text('process.bedrock_guardrail_id') ?? ''
  if (!/^(?:[a-z0-9]+|arn:aws[\w-]*:bedrock:[a-z0-9-]+:\d{12}:guardrail\/[a-z0-9]+)$/.test(id))
    report.fatal('BEDROCK_GUARDRAIL_ID', 'the guard `bedrock-guardrails` needs the id or ARN of a guardrail')
  const version = settings.text('process.bedrock_guardrail_version') ?? 'DRAFT'
  if (!/^(?:[1-9]\d{0,7}|DRAFT)$/.test(version))
    report.fatal('BEDROCK_GUARDRAIL_VERSION', 'the version of a guardrail is a number or DRAFT')
  const provider = providers.findProvider('bedrock')
  const failMode = settings.text('process.bedrock_guardrail_fail_mode') ?? 'closed'
  return {
    ...{ id, version },
    account: readAccount(new Section({}, [], report), provider, env),
    apiKey: readProviderAccount(provider, env).apiKey,
    timeoutMs: settings.number('process.bedrock_guardrail_timeout') * 1000,
    failMode: failMode as BedrockGuardrailsConfig['failMode'],
  }
}

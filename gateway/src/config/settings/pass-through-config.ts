import type { ModelConfig, PassThroughAccount, PassThroughConfig, PassThroughEndpoint } from '../config.ts'
import { type ProviderCatalog, readProviderAccount } from '../provider-catalog.ts'
import type { Report } from '../report.ts'
import type { Environment } from '../source/interpolate.ts'
import { isNothing, toText } from '../values/coerce.ts'
import { Section } from '../values/section.ts'
import type { ConfigSections } from './config-sections.ts'

/** Providers whose API is reachable raw. */
const providers = [
  'anthropic',
  'gemini',
  'vertex_ai',
  'bedrock',
  'azure',
  'azure_ai',
  'cohere',
  'mistral',
  'openai',
  'vllm',
]
const regionVariables = ['AWS_REGION_NAME', 'AWS_REGION', 'AWS_DEFAULT_REGION']

/** The accounts and endpoints of raw pass-through. Entries that cannot be used are reported and left out. */
export function readPassThroughConfig(
  { general, report }: ConfigSections,
  models: readonly ModelConfig[],
  catalog: ProviderCatalog,
  env: Environment,
): PassThroughConfig {
  const accounts = providers.map((id) => [id, readAccount(id, models, catalog, env)] as const)
  return {
    accounts: Object.fromEntries(accounts),
    endpoints: general
      .list('pass_through_endpoints')
      .flatMap((entry, index) => readEndpoint(entry, index, report)),
  }
}

function readAccount(
  provider: string,
  models: readonly ModelConfig[],
  catalog: ProviderCatalog,
  env: Environment,
): PassThroughAccount {
  const chosen = models.find((model) => model.usedInPassThrough && model.provider === provider)
  const account = chosen ?? readProviderAccount(catalog.findProvider(provider), env)
  const { apiKey, apiBase } = account
  return { apiKey, apiBase: apiBase ?? (provider === 'bedrock' ? bedrockBase(env) : null) }
}

function bedrockBase(env: Environment): string | null {
  const region = regionVariables.map((name) => env[name]?.trim() ?? '').find((value) => value !== '')
  return region !== undefined && /^[a-z0-9-]+$/.test(region)
    ? `https://bedrock-runtime.${region}.amazonaws.com`
    : null
}

function readEndpoint(entry: unknown, index: number, report: Report): PassThroughEndpoint[] {
  const path = ['general_settings', 'pass_through_endpoints', index]
  const section = new Section(entry, path, report)
  const written = section.text('path')
  const target = section.text('target')
  if (written === null || !/^\/[\w./~-]+$/.test(written)) {
    report.warn([...path, 'path'], 'this should be a path that begins with /; the endpoint is left out')
    return []
  }
  if (target === null || !/^https?:\/\//i.test(target) || !URL.canParse(target)) {
    report.warn([...path, 'target'], 'this should be an http or https URL; the endpoint is left out')
    return []
  }
  const isOpen = section.boolean('auth') === false
  if (isOpen)
    report.warn([...path, 'auth'], 'everybody who reaches the gateway may call this endpoint, without a key')
  const headers = Object.entries(section.record('headers')).flatMap(([name, value]) => {
    const text = isNothing(value) ? undefined : toText(value)
    return text === undefined ? [] : [[name.toLowerCase(), text] as const]
  })
  return [
    {
      path: written.replace(/\/+$/, ''),
      target,
      headers: Object.fromEntries(headers),
      isOpen,
      includesSubpaths: section.boolean('include_subpath') ?? false,
      forwardsHeaders: section.boolean('forward_headers') ?? false,
      costPerRequest: section.amount('cost_per_request'),
    },
  ]
}

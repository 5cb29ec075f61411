import type { GatewayConfig } from './config.ts'
import type { ConfigFlags } from './config-flags.ts'
import { type LoadedConfig, loadConfig } from './load-config.ts'
import type { ProviderCatalog, ProviderVariables } from './provider-catalog.ts'
import type { Environment } from './source/interpolate.ts'

function variables(id: string): ProviderVariables {
  return {
    id,
    keyVariables: [`${id.toUpperCase()}_API_KEY`],
    baseUrlVariables: [`${id.toUpperCase()}_API_BASE`],
  }
}

const available = new Map(
  ['openai', 'anthropic', 'gemini', 'groq', 'mistral', 'demo'].map((id) => [id, variables(id)]),
)
const planned = new Map(['azure', 'bedrock'].map((id) => [id, variables(id)]))

/** A small provider table for tests of the configuration. */
const testCatalog: ProviderCatalog = {
  isKnownProvider: (id) => available.has(id) || planned.has(id),
  guessProvider: (model) => (model.startsWith('claude') ? 'anthropic' : 'openai'),
  findProvider: (id) => available.get(id) ?? planned.get(id) ?? null,
  wireAvailability: (id) => (available.has(id) ? 'available' : planned.has(id) ? 'planned' : 'unknown'),
  providersFromEnvironment: (env) =>
    [...available.values()]
      .filter(({ keyVariables }) => keyVariables.some((name) => env[name]))
      .map((provider) => ({ provider })),
}

export interface TestFiles {
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Environment
  readonly flags?: ConfigFlags
}

/** Loads `config.yaml` (and others) from memory. */
export function loadFiles({ files = {}, env = {}, flags = {} }: TestFiles): LoadedConfig {
  return loadConfig({ readFile: (path) => files[path] ?? null, env, flags, providers: testCatalog })
}

/** Loads one text as `config.yaml`; fails the test when it gives no configuration. */
export function loadText(text: string, env: Environment = {}, flags: ConfigFlags = {}): LoadedText {
  const { config, diagnostics, files } = loadFiles({ files: { 'config.yaml': text }, env, flags })
  if (config === null) throw new Error(`no configuration: ${JSON.stringify(diagnostics)}`)
  return { config, diagnostics, files }
}

type LoadedText = LoadedConfig & { readonly config: GatewayConfig }

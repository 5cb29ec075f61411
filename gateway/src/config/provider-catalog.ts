import type { Environment } from './source/interpolate.ts'

/** What configuration must know about providers; the provider registry supplies it. */
export interface ProviderCatalog {
  isKnownProvider(id: string): boolean
  /** The provider of a bare model name (`claude-…` → `anthropic`); `openai` when nothing fits. */
  guessProvider(bareModel: string): string
  findProvider(id: string): ProviderVariables | null
  /** `planned`: known by name, cannot be called in this release. */
  wireAvailability(id: string): 'available' | 'planned' | 'unknown'
  /** Providers that can be called with what the environment holds, in the order of the provider table. */
  providersFromEnvironment(env: Environment): readonly { readonly provider: ProviderVariables }[]
}

/** The variables of one provider; in each list the first that is set wins. */
export interface ProviderVariables {
  readonly id: string
  readonly keyVariables: readonly string[]
  readonly baseUrlVariables: readonly string[]
  /** Further parameters that name the account, each with the variables that stand in for it. */
  readonly accountVariables?: Readonly<Record<string, readonly string[]>>
  /** Those whose value may be the path of a file with it. */
  readonly accountFiles?: readonly string[]
  /** Those that belong to each other: where one is written, none of the others comes from the environment. */
  readonly accountGroups?: readonly (readonly string[])[]
}

export interface ProviderAccount {
  readonly apiKey: string | null
  readonly apiBase: string | null
}

/** The key and base URL that the environment gives a provider. */
export function readProviderAccount(provider: ProviderVariables | null, env: Environment): ProviderAccount {
  return {
    apiKey: firstSet(provider?.keyVariables ?? [], env),
    apiBase: firstSet(provider?.baseUrlVariables ?? [], env),
  }
}

/** The first of these variables that holds anything. */
export function firstSet(names: readonly string[], env: Environment): string | null {
  const name = names.find((candidate) => (env[candidate] ?? '').trim() !== '')
  return name === undefined ? null : (env[name] ?? null)
}

import type { ProviderCatalog } from '../provider-catalog.ts'

export interface ProviderModel {
  readonly provider: string
  readonly upstreamModel: string
}

/** Splits at the first `/`, only when a known provider stands before it; else the provider is guessed. */
export function splitModel(
  model: string,
  explicitProvider: string | null,
  catalog: ProviderCatalog,
): ProviderModel {
  const slash = model.indexOf('/')
  const prefix = slash > 0 ? model.slice(0, slash) : ''
  const rest = model.slice(slash + 1)
  if (explicitProvider !== null) {
    return { provider: explicitProvider, upstreamModel: prefix === explicitProvider ? rest : model }
  }
  if (rest !== '' && catalog.isKnownProvider(prefix)) return { provider: prefix, upstreamModel: rest }
  return { provider: catalog.guessProvider(model), upstreamModel: model }
}

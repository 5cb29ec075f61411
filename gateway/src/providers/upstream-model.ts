import type { ProviderProfile } from './wire.ts'

/** The model id as the vendor wants it: its prefix is added when the id has none. Safe to repeat. */
export function formatUpstreamModel(provider: ProviderProfile, model: string): string {
  const prefix = provider.quirks.modelPrefix
  return prefix === undefined || model.startsWith('accounts/') || model.startsWith(prefix)
    ? model
    : prefix + model
}

/** The wire a vendor's model speaks. */
export function selectWireId({ wireId, modelWires }: ProviderProfile, model: string): string {
  return modelWires?.find(({ models }) => models.test(model))?.wireId ?? wireId
}

import type { ProviderProfile } from './wire.ts'

/** The model id as the vendor wants it: its prefix is added when the id has none. Safe to repeat. */
export function formatUpstreamModel(provider: ProviderProfile, model: string): string {
  const prefix = provider.quirks.modelPrefix
  return prefix === undefined || model.startsWith('accounts/') || model.startsWith(prefix)
    ? model
    : prefix + model
}

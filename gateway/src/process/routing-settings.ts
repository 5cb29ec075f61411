import { RoutingSettings } from '../model-routing/settings/routing-settings.ts'
import type { ConfigurationHolder } from './configuration-holder.ts'
import type { Hub } from './hub.ts'
import { followRoutingSettings } from './share-changes.ts'

export interface OpenRoutingSettings {
  readonly settings: RoutingSettings
  close(): void
}

/** What admins set of routing, put in force before the first request. `reload` reads the configuration again. */
export async function openRoutingSettings(
  { routingSettings, state }: Pick<Hub, 'routingSettings' | 'state'>,
  configuration: ConfigurationHolder,
  reload: () => void,
): Promise<OpenRoutingSettings> {
  const settings: RoutingSettings = new RoutingSettings({
    store: routingSettings,
    trial: (overrides) => {
      const { config, diagnostics } = configuration.readWith({ overrides })
      if (config !== null) return []
      return diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message)
    },
    apply: (overrides) => {
      configuration.override(overrides)
      reload()
    },
    announce: () => following.announce(),
  })
  await settings.refresh()
  const following = await followRoutingSettings(state, settings)
  return { settings, close: () => following.stop() }
}

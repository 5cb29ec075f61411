import type { ExperimentConfig, RoutingProfile } from '../../config/config.ts'

/** What admins set of routing over the API; what is absent is as configured. */
export interface RoutingOverrides {
  readonly active_strategy?: string
  readonly routing_profile?: RoutingProfile
  /** The shipped prior decides while nothing was trained. */
  readonly centroid_routing_enabled?: boolean
  readonly experiment?: ExperimentConfig & { readonly enabled: boolean }
}

/** Null takes an override away. */
export type RoutingChanges = { readonly [Name in keyof RoutingOverrides]: RoutingOverrides[Name] | null }

/** The overrides all processes share. Errors: `storage_unavailable`. */
export interface RoutingSettingsStore {
  /** 0 while nothing was ever set. */
  read(): Promise<{ readonly version: number; readonly overrides: RoutingOverrides }>
  change(changes: RoutingChanges): Promise<void>
}

import { GatewayError } from '@routeiq/contract'
import type { RoutingChanges, RoutingOverrides, RoutingSettingsStore } from './routing-settings-store.ts'

/** Setting id → value, before every other source. */
export type SettingOverrides = ReadonlyMap<string, unknown>

export interface RoutingSettingsDependencies {
  readonly store: RoutingSettingsStore
  /** What speaks against a configuration with these; empty when nothing does. */
  readonly trial: (overrides: SettingOverrides) => readonly string[]
  /** Puts them in force here. */
  readonly apply: (overrides: SettingOverrides) => void
  /** Tells the other processes. */
  readonly announce: () => void
}

/** What admins set of routing over the API: kept, shared by all processes, and in force before what is configured. */
export class RoutingSettings {
  readonly #deps: RoutingSettingsDependencies
  #version = 0

  constructor(deps: RoutingSettingsDependencies) {
    this.#deps = deps
  }

  /** Reads what is set, and puts it in force where it differs from what was read last. */
  async refresh(): Promise<void> {
    const { store, apply } = this.#deps
    const { version, overrides } = await store.read()
    if (version === this.#version) return
    apply(toSettings(overrides))
    this.#version = version
  }

  /** Errors: 400 saying what cannot be used; nothing is changed then. */
  async change(changes: RoutingChanges): Promise<void> {
    const { store, trial, announce } = this.#deps
    const { overrides } = await store.read()
    const problems = trial(toSettings(withoutNulls({ ...overrides, ...changes })))
    if (problems.length > 0) throw new GatewayError('invalid_request', problems.join('; '))
    await store.change(changes)
    await this.refresh()
    announce()
  }
}

function withoutNulls(changes: RoutingChanges): RoutingOverrides {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== null))
}

function toSettings(overrides: RoutingOverrides): SettingOverrides {
  const { active_strategy, routing_profile, centroid_routing_enabled, experiment } = overrides
  const entries: [string, unknown][] = [
    ['routing.strategy_override', active_strategy],
    ['routing.default_profile', routing_profile],
    ['routing.use_prior', centroid_routing_enabled],
    ['routing.centroid_enabled', centroid_routing_enabled],
    ['routing.experiment_config', experiment],
    ['routing.experiment_id', experiment?.id],
  ]
  return new Map(entries.filter(([, value]) => value !== undefined))
}

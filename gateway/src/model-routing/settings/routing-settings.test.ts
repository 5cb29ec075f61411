import { GatewayError } from '@routeiq/contract'
import { beforeEach, describe, expect, it } from 'vitest'
import { RoutingSettings, type SettingOverrides } from './routing-settings.ts'
import type { RoutingChanges, RoutingOverrides } from './routing-settings-store.ts'

let held: { version: number; overrides: RoutingOverrides }
let applied: SettingOverrides[]
let announced: number

beforeEach(() => {
  held = { version: 0, overrides: {} }
  applied = []
  announced = 0
})

function open(problems: readonly string[] = []): RoutingSettings {
  return new RoutingSettings({
    store: {
      read: async () => held,
      change: async (changes: RoutingChanges) => {
        const all = Object.entries({ ...held.overrides, ...changes }).filter(([, value]) => value !== null)
        held = { version: held.version + 1, overrides: Object.fromEntries(all) }
      },
    },
    trial: () => problems,
    apply: (overrides) => applied.push(overrides),
    announce: () => {
      announced += 1
    },
  })
}

describe('what admins set of routing', () => {
  it('is in force at once, and told to the others', async () => {
    const settings = open()
    await settings.change({ active_strategy: 'llmrouter-random', routing_profile: 'eco' })
    await settings.change({ active_strategy: null, centroid_routing_enabled: false })
    expect(applied.map((overrides) => Object.fromEntries(overrides))).toEqual([
      { 'routing.strategy_override': 'llmrouter-random', 'routing.default_profile': 'eco' },
      { 'routing.default_profile': 'eco', 'routing.use_prior': false, 'routing.centroid_enabled': false },
    ])
    expect(announced).toBe(2)
  })

  it('names its experiment, whatever the file names', async () => {
    const experiment = { id: 'mine', enabled: true, variants: [{ name: 'a', strategy: 's', weight: 1 }] }
    await open().change({ experiment })
    expect(Object.fromEntries(applied[0] ?? [])).toEqual({
      'routing.experiment_config': experiment,
      'routing.experiment_id': 'mine',
    })
  })

  it('is read once for each change', async () => {
    const settings = open()
    await settings.refresh()
    expect(applied).toEqual([])
    held = { version: 3, overrides: { routing_profile: 'free' } }
    await settings.refresh()
    await settings.refresh()
    expect(applied).toHaveLength(1)
  })

  it('changes nothing when the configuration could not be used', async () => {
    const change = open(['there is no strategy x', 'nor y']).change({ active_strategy: 'x' })
    await expect(change).rejects.toThrow(new GatewayError('invalid_request', 'there is no strategy x; nor y'))
    expect([held.version, applied, announced]).toEqual([0, [], 0])
  })
})

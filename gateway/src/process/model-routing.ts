import { randomBytes, randomUUID } from 'node:crypto'
import type { GatewayConfig } from '../config/config.ts'
import { ModelRouter } from '../model-routing/model-router.ts'
import { type Pin, Pins } from '../model-routing/pins.ts'
import { Scorers } from '../model-routing/scorers.ts'
import { InProcessState } from '../storage/shared-state/in-process-state.ts'
import type { Hub } from './hub.ts'

const pinChannel = 'routeiq:pins'
const killChannel = 'routeiq:kill-switch'
const killKey = 'routeiq:kill-switch'
const killPollMs = 2_000
const killTtlMs = 365 * 86_400_000
const defaultTtlSeconds = 1_800

/** Why and since when routing is static. */
export interface KillSwitchState {
  readonly enabled: boolean
  readonly reason: string
}

export interface ModelRouting {
  readonly router: ModelRouter
  readonly scorers: Scorers
  readonly pins: Pins
  readonly sharesPins: boolean
  readonly killSwitch: {
    state(): KillSwitchState
    set(state: KillSwitchState): Promise<void>
  }
  close(): void
}

/** Puts together what chooses models in one process. */
export async function openModelRouting({
  hub,
  config,
}: {
  readonly hub: Hub
  readonly config: () => GatewayConfig
}): Promise<ModelRouting> {
  const sharesPins = !(hub.state instanceof InProcessState)
  const scorers = new Scorers()
  const pins = await sharePins(hub, config, sharesPins)
  const kill = await shareKillSwitch(hub)
  return {
    router: new ModelRouter({ scorers, pins, isKilled: () => kill.state().enabled, randomBytes }),
    scorers,
    pins,
    sharesPins,
    killSwitch: kill,
    close: () => kill.close(),
  }
}

async function sharePins(hub: Hub, config: () => GatewayConfig, isShared: boolean): Promise<Pins> {
  const origin = randomUUID()
  const announce = (key: string, pin: Pin): void =>
    void hub.state.publish(pinChannel, JSON.stringify({ origin, key, pin })).catch(() => {})
  const pins = new Pins({
    ttlMs: () => {
      const ttl = config().modelRouting.args['session_ttl']
      return (typeof ttl === 'number' ? ttl : defaultTtlSeconds) * 1_000
    },
    announce: isShared ? announce : null,
  })
  if (isShared)
    await hub.state.subscribe(pinChannel, (message) => {
      const notice = JSON.parse(message) as { origin: string; key: string; pin: Pin }
      if (notice.origin !== origin) pins.adopt(notice.key, notice.pin)
    })
  return pins
}

/** The switch of all processes; one that missed the notice finds out within two seconds. */
async function shareKillSwitch(hub: Hub): Promise<ModelRouting['killSwitch'] & { close(): void }> {
  let current: KillSwitchState = { enabled: false, reason: '' }
  const read = async (): Promise<void> => {
    const stored = await hub.state.get(killKey)
    current = stored === null ? { enabled: false, reason: '' } : (JSON.parse(stored) as KillSwitchState)
  }
  await read().catch(() => {})
  await hub.state.subscribe(killChannel, () => void read().catch(() => {}))
  const poll = setInterval(() => void read().catch(() => {}), killPollMs)
  poll.unref()
  return {
    state: () => current,
    set: async (state) => {
      current = state
      if (state.enabled) await hub.state.set(killKey, JSON.stringify(state), killTtlMs)
      else await hub.state.delete(killKey)
      await hub.state.publish(killChannel, '')
    },
    close: () => clearInterval(poll),
  }
}

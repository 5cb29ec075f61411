import { randomUUID } from 'node:crypto'
import type { Cooldown } from '../balancing/deployment-state.ts'
import type { DeploymentStates } from '../balancing/deployment-states.ts'
import type { Authenticator } from '../identity/authenticator.ts'
import type { SharedState } from '../storage/shared-state/shared-state.ts'

const cooldownChannel = 'routeiq:cooldown'
const keyChannel = 'routeiq:keys'

/** Cooldowns started here reach every worker and replica, and theirs are applied here. */
export async function shareCooldowns(state: SharedState, states: DeploymentStates): Promise<void> {
  const origin = randomUUID()
  states.onCooldown((cooldown) => {
    void state.publish(cooldownChannel, JSON.stringify({ origin, cooldown }))
  })
  await state.subscribe(cooldownChannel, (message) => {
    const notice = JSON.parse(message) as { origin: string; cooldown: Cooldown }
    if (notice.origin !== origin) states.applyCooldown(notice.cooldown)
  })
}

/** Returns what announces changed keys; every process, this one at once, then drops what it has cached. */
export async function shareKeyChanges(
  state: SharedState,
  authenticator: Authenticator,
): Promise<(tokenHashes: readonly string[]) => void> {
  await state.subscribe(keyChannel, (message) => authenticator.forget(JSON.parse(message) as string[]))
  return (tokenHashes) => {
    authenticator.forget(tokenHashes)
    void state.publish(keyChannel, JSON.stringify(tokenHashes))
  }
}

import { type Cooldown, DeploymentState } from './deployment-state.ts'

export type CooldownListener = (cooldown: Cooldown) => void

/** The states of all deployments of this process, kept over configuration reloads. */
export class DeploymentStates {
  private readonly byId = new Map<string, DeploymentState>()
  private readonly listeners: CooldownListener[] = []

  /** The state of a deployment, created on first use. */
  get(id: string): DeploymentState {
    let state = this.byId.get(id)
    if (state === undefined) {
      state = new DeploymentState(id)
      this.byId.set(id, state)
    }
    return state
  }

  /** Forgets deployments that no longer exist. Attempts still running on them keep their own reference. */
  retain(ids: ReadonlySet<string>): void {
    for (const id of this.byId.keys()) if (!ids.has(id)) this.byId.delete(id)
  }

  /** Hears of every cooldown this process starts, so that it can be shared; not of those applied from outside. */
  onCooldown(listener: CooldownListener): void {
    this.listeners.push(listener)
  }

  /** Starts a cooldown here and tells the listeners. */
  startCooldown(state: DeploymentState, cooldown: Cooldown): void {
    state.startCooldown(cooldown)
    for (const listener of this.listeners) listener(cooldown)
  }

  /** Takes over a cooldown another worker or replica started. Unknown deployments and older news are ignored. */
  applyCooldown(cooldown: Cooldown): void {
    const state = this.byId.get(cooldown.deploymentId)
    if (state === undefined) return
    if (state.cooldown !== null && state.cooldown.untilMs >= cooldown.untilMs) return
    state.startCooldown(cooldown)
  }
}

import { AnswerHistory } from './answer-history.ts'
import { type Cooldown, DeploymentState, type StateCollections } from './deployment-state.ts'
import { ProviderBreakers } from './provider-breakers.ts'

export type CooldownListener = (cooldown: Cooldown) => void
export type RecoveryListener = (deploymentId: string) => void

/** Requests and tokens of one deployment in one UTC minute that others have not heard of. */
export interface SharedUsage {
  readonly deploymentId: string
  readonly minute: number
  readonly requests: number
  readonly tokens: number
}

/** The states of all deployments of this process, kept over configuration reloads. */
export class DeploymentStates {
  readonly providers = new ProviderBreakers()
  private readonly byId = new Map<string, DeploymentState>()
  private readonly listeners: CooldownListener[] = []
  private readonly recoveryListeners: RecoveryListener[] = []
  private readonly collections: StateCollections
  /** That of the states created last. */
  private history = new AnswerHistory()

  /** `sharesUsage`: other workers or replicas are to be told what is served here. */
  constructor(sharesUsage = false) {
    this.collections = { cooling: new Set(), touched: sharesUsage ? new Set() : null }
  }

  /** The state of a deployment, created on first use. */
  get(id: string): DeploymentState {
    let state = this.byId.get(id)
    if (state === undefined) {
      state = this.create(id)
      this.byId.set(id, state)
    }
    return state
  }

  private create(id: string): DeploymentState {
    if (this.history.isFull) this.history = new AnswerHistory()
    return new DeploymentState(id, this.collections, this.history, this.history.takePlace())
  }

  /** Whether a deployment has a cooldown, over or not. Without, nobody needs to look at the states of a group. */
  get hasCooldowns(): boolean {
    return this.collections.cooling.size > 0
  }

  /** Forgets deployments that no longer exist. Attempts still running on them keep their own reference. */
  retain(ids: ReadonlySet<string>): void {
    for (const id of this.byId.keys()) if (!ids.has(id)) this.byId.delete(id)
    const { cooling } = this.collections
    for (const state of cooling) if (this.byId.get(state.id) !== state) cooling.delete(state)
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

  /** Hears of every cooldown that is ended here before its time. */
  onRecovery(listener: RecoveryListener): void {
    this.recoveryListeners.push(listener)
  }

  /** Ends a cooldown before its time and tells the listeners. */
  endCooldown(state: DeploymentState): void {
    state.endCooldown()
    for (const listener of this.recoveryListeners) listener(state.id)
  }

  /** Ends every cooldown and closes every breaker, as another replica asks for that has started. */
  applyReset(): void {
    this.providers.reset()
    for (const state of this.byId.values()) state.endCooldown()
  }

  /** Ends a cooldown that another worker or replica has ended. */
  applyRecovery(deploymentId: string): void {
    this.byId.get(deploymentId)?.endCooldown()
  }

  /** Takes over a cooldown another worker or replica started. Unknown deployments and older news are ignored. */
  applyCooldown(cooldown: Cooldown): void {
    const state = this.byId.get(cooldown.deploymentId)
    if (state === undefined) return
    if (state.cooldown !== null && state.cooldown.untilMs >= cooldown.untilMs) return
    state.startCooldown(cooldown)
  }

  /** The usage since the last call, for telling the others. */
  takeUnsharedUsage(now: number): readonly SharedUsage[] {
    const { touched } = this.collections
    if (touched === null || touched.size === 0) return []
    const usage = [...touched].map((state) => ({ deploymentId: state.id, ...state.takeUnshared(now) }))
    touched.clear()
    return usage.filter(({ requests, tokens }) => requests !== 0 || tokens !== 0)
  }

  /** Counts what others have served; unknown deployments are ignored. */
  addForeignUsage(now: number, usage: readonly SharedUsage[]): void {
    for (const { deploymentId, minute, requests, tokens } of usage) {
      this.byId.get(deploymentId)?.addForeign(now, minute, requests, tokens)
    }
  }
}

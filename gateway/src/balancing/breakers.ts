import type { Deployment } from '../deployments/deployment.ts'
import type { DeploymentStates } from './deployment-states.ts'

const byHand = 'opened by hand'

export interface Breaker {
  /** `deployment:<id>`, or `provider:<name>` for all deployments of a provider. */
  readonly name: string
  /** A provider is open when its breaker is, or when none of its deployments is called. */
  readonly state: 'closed' | 'half_open' | 'open'
  /** Seconds until it is tried again; null for one that is not open. */
  readonly opensForSeconds: number | null
  /** Why it opened; null for one that is not open, and for providers. */
  readonly reason: string | null
}

export interface BreakersOptions {
  readonly deployments: () => Iterable<Deployment>
  readonly states: DeploymentStates
  readonly now: () => number
}

/** The cooldowns of deployments, and the breakers of providers, as they can be seen and moved. */
export class Breakers {
  readonly #options: BreakersOptions

  constructor(options: BreakersOptions) {
    this.#options = options
  }

  /** Every deployment, then every provider. */
  list(): readonly Breaker[] {
    const deployments = [...this.#options.deployments()]
    const single = deployments.map((deployment) => this.#describe(deployment))
    const byProvider = new Map<string, Deployment[]>()
    for (const deployment of deployments) {
      const members = byProvider.get(deployment.provider.id)
      if (members === undefined) byProvider.set(deployment.provider.id, [deployment])
      else members.push(deployment)
    }
    const whole = [...byProvider].map(([id, members]) => this.#describeProvider(id, members))
    return [...single, ...whole]
  }

  /** Leaves a deployment, or all of a provider, alone for so long, on every replica; false for a name that is none. */
  open(name: string, durationMs: number): boolean {
    const { states, now } = this.#options
    const found = this.#find(name)
    for (const { id, state } of found)
      states.startCooldown(state, {
        ...{ deploymentId: id, durationMs, untilMs: now() + durationMs, startedAtMs: now() },
        ...{ status: 0, reason: byHand },
      })
    return found.length > 0
  }

  /** Lets it be called again at once, on every replica; false for a name that is none. */
  close(name: string): boolean {
    const found = this.#find(name)
    for (const { state } of found) this.#options.states.endCooldown(state)
    const provider = found[0]?.provider.id
    if (name === `provider:${provider}`) this.#options.states.providers.close(provider ?? '')
    return found.length > 0
  }

  #find(name: string): readonly Deployment[] {
    return [...this.#options.deployments()].filter(
      ({ id, provider }) => name === `deployment:${id}` || name === `provider:${provider.id}`,
    )
  }

  #describe({ id, state }: Deployment): Breaker {
    const now = this.#options.now()
    const name = `deployment:${id}`
    if (!state.isCoolingDown(now))
      return {
        ...{ name, opensForSeconds: null, reason: null },
        state: state.isProbeTaken(now) ? 'half_open' : 'closed',
      }
    return {
      ...{ name, state: 'open', reason: state.cooldown?.reason ?? null },
      opensForSeconds: Math.ceil(state.cooldownRemainingMs(now) / 1_000),
    }
  }

  #describeProvider(provider: string, members: readonly Deployment[]): Breaker {
    const now = this.#options.now()
    const { providers } = this.#options.states
    const name = `provider:${provider}`
    const state = providers.stateOf(provider, now)
    if (state !== 'closed') {
      const waitMs = state === 'open' ? providers.waitMs(provider, now) : null
      return {
        name,
        state,
        opensForSeconds: waitMs === null ? null : Math.ceil(waitMs / 1_000),
        reason: null,
      }
    }
    const first = members.reduce(
      (least, { state }) => Math.min(least, state.cooldownRemainingMs(now)),
      Number.POSITIVE_INFINITY,
    )
    return first === 0
      ? { name, state: 'closed', opensForSeconds: null, reason: null }
      : { name, state: 'open', opensForSeconds: Math.ceil(first / 1_000), reason: null }
  }
}

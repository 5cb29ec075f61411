import type { Deployment, ModelGroup } from '../deployments/deployment.ts'
import { Removals } from '../deployments/empty-candidates-error.ts'
import { filterCandidates, type RemovalReason, type RemovalSink } from '../deployments/filter-candidates.ts'
import type { Resolution } from '../deployments/resolve-model.ts'
import type { AttemptRequest } from './attempt-request.ts'
import { breakersInForce } from './judge-provider.ts'
import type { ProviderBreakers } from './provider-breakers.ts'
import type { RoutingContext } from './routing-context.ts'

/** The attempts of one request within one group: its `order` levels, what was tried, how often. */
export class GroupRun implements RemovalSink {
  readonly group: ModelGroup
  /** Request members a fallback target overrides; null for none. */
  readonly overrides: Readonly<Record<string, unknown>> | null
  retries = 0
  timeoutRetries = 0
  /** Of the last filtering; null when nothing was removed. */
  removals: Removals | null = null
  private readonly pinned: boolean
  private readonly routing: RoutingContext
  private readonly request: AttemptRequest
  private tried: Deployment[] = []
  private level = 0
  private now = 0

  constructor(
    routing: RoutingContext,
    request: AttemptRequest,
    resolution: Resolution,
    overrides: Readonly<Record<string, unknown>> | null,
  ) {
    this.routing = routing
    this.request = request
    this.group = resolution.group
    this.pinned = resolution.pinned
    this.overrides = overrides
  }

  removed(deployment: Deployment, reason: RemovalReason): void {
    this.removals ??= new Removals(this.now, this.breakers)
    this.removals.removed(deployment, reason)
  }

  /** Null where providers have none. */
  get breakers(): ProviderBreakers | null {
    const { snapshot, states } = this.routing
    return breakersInForce(snapshot.routing, states.providers)
  }

  /** The deployments of the current level that may be called now. */
  candidates(now: number): readonly Deployment[] {
    return this.levelCandidates(this.filter(now), this.level)
  }

  /** Whether these are a whole level of the snapshot, which lasts as long as the configuration. */
  isWholeLevel(candidates: readonly Deployment[]): boolean {
    return candidates === this.group.levels[this.level]
  }

  /** Candidates not tried yet. */
  untried(candidates: readonly Deployment[]): readonly Deployment[] {
    if (this.tried.length === 0) return candidates
    return candidates.filter((deployment) => !this.tried.includes(deployment))
  }

  /** Moves to the next level that has candidates; false when there is none. */
  advanceLevel(now: number): boolean {
    const filtered = this.filter(now)
    for (let level = this.level + 1; level < this.group.levels.length; level++) {
      if (this.levelCandidates(filtered, level).length === 0) continue
      this.level = level
      this.retries = 0
      this.timeoutRetries = 0
      return true
    }
    return false
  }

  markTried(deployment: Deployment): void {
    this.tried.push(deployment)
  }

  /** Everything was tried once: what failed last is left for later, the rest may be tried again. */
  forgetTried(lastFailed: Deployment): void {
    this.tried = [lastFailed]
  }

  private filter(now: number): readonly Deployment[] {
    this.now = now
    this.removals = null
    if (this.isOpen()) return this.group.deployments
    const rules = {
      routing: this.routing.snapshot.routing,
      enforceLimits: this.enforcesLimits(),
      ignoreCooldown: this.pinned,
      breakers: this.breakers,
      now,
    }
    return filterCandidates(this.admitted(), this.request, rules, this)
  }

  /** Where a model was chosen: the deployments of those that may be used. */
  private admitted(): readonly Deployment[] {
    const { group, request } = this
    const { arms } = request
    if (arms === null || !arms.orders(group)) return group.deployments
    return group.deployments.filter((deployment) => arms.admits(deployment))
  }

  private enforcesLimits(): boolean {
    return this.routing.strategy.enforcesLimits || this.routing.snapshot.routing.enablePreCallChecks
  }

  /** Whether no filter can remove anything; decided without looking at each deployment. */
  private isOpen(): boolean {
    const { group, request } = this
    if (request.arms?.orders(group) === true) return false
    if (!group.openFor[request.operation] || request.region !== null || request.boundTo !== null) return false
    if (this.enforcesLimits() || this.routing.snapshot.routing.enableTagFiltering) return false
    if (this.breakers?.hasOpen === true) return false
    return !this.routing.states.hasCooldowns || group.states.every((state) => state.cooldown === null)
  }

  private levelCandidates(filtered: readonly Deployment[], level: number): readonly Deployment[] {
    const { levels, deployments } = this.group
    if (levels.length === 1) return filtered
    const members = levels[level] ?? []
    return filtered === deployments ? members : members.filter((deployment) => filtered.includes(deployment))
  }
}

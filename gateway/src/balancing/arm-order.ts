import type { Deployment, ModelGroup } from '../deployments/deployment.ts'
import type { RoutedGroup } from '../deployments/routed-group.ts'

/** One request tries so many models: who wants more than that meets an outage, and would only spread it. */
const mostArms = 3

/** The order in which one request tries the models of a group. */
export class ArmOrder {
  readonly #routed: RoutedGroup
  readonly #ranks: ReadonlyMap<string, number>

  /** `order` names the arms that may be used, the chosen one first; those behind the third are left alone. */
  constructor(routed: RoutedGroup, order: readonly string[]) {
    this.#routed = routed
    this.#ranks = new Map(order.slice(0, mostArms).map((name, rank) => [name, rank]))
  }

  orders(group: ModelGroup): boolean {
    return group === this.#routed.group
  }

  admits(deployment: Deployment): boolean {
    return this.#rankOf(deployment) !== null
  }

  /** Of these the ones of the best arm, and of them the lowest `order`. Fallbacks to other groups pass. */
  narrow(candidates: readonly Deployment[]): readonly Deployment[] {
    const ranks = candidates.map((deployment) => this.#rankOf(deployment))
    const best = Math.min(...ranks.map((rank) => rank ?? Number.POSITIVE_INFINITY))
    if (!Number.isFinite(best)) return candidates
    const ofArm = candidates.filter((_, index) => ranks[index] === best)
    const orderOf = ({ config }: Deployment): number => config.order ?? Number.POSITIVE_INFINITY
    const lowest = Math.min(...ofArm.map(orderOf))
    return ofArm.filter((deployment) => orderOf(deployment) === lowest)
  }

  #rankOf(deployment: Deployment): number | null {
    const arm = this.#routed.armOf.get(deployment)
    return arm === undefined ? null : (this.#ranks.get(arm.name) ?? null)
  }
}

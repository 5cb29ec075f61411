import { renderMenu } from './decide-menu.ts'
import type { Decision, DecisionRow } from './decision.ts'
import { cutMenu, type EligibleMenu } from './eligible-menu.ts'
import { compareNames, type MenuEntry } from './menu-entry.ts'
import { renderRankedFragment } from './prompt-fragment.ts'
import type { RankedCandidate } from './rank-candidates.ts'
import type { SeededRandom } from './seeded-random.ts'
import { type Placed, type SelectionPolicy, selectOffer } from './select-offer.ts'
import { addHinted, type StableMenu } from './stable-menu.ts'

export interface RoutePolicy extends SelectionPolicy {
  /** The most rows of the answer and of its fragment; null for no limit but `topK`. */
  readonly maxMenuSize: number | null
  /** The most names in the hint. */
  readonly hintK: number
  /** How often nothing is offered. */
  readonly holdoutRate: number
}

/**
 * Chooses what to offer for a request. `ranked` is what retrieval found in this menu, best first. A short menu is
 * offered whole, in the same order. `random` null makes the decision that chance has no part in.
 */
export function decideRoute<Skill extends MenuEntry>(
  menu: EligibleMenu<Skill>,
  ranked: readonly RankedCandidate<Skill>[],
  policy: RoutePolicy,
  random: SeededRandom | null,
): Decision<Skill> {
  const decide = (chance: SeededRandom | null): Decision<Skill> =>
    menu.isShort ? offerWhole(menu, ranked, policy) : offerBest(menu, ranked, policy, chance)
  if (random !== null && random.next() < policy.holdoutRate) return holdOut(menu, decide(null))
  return decide(random)
}

/** Offers the menu without a choice, for when nothing can be retrieved; cut to what a stable menu holds. */
export function decideWithoutRanking<Skill extends MenuEntry>(
  menu: EligibleMenu<Skill>,
  policy: RoutePolicy,
): Decision<Skill> {
  return offerWhole(menu, [], policy)
}

/** Keeps what would have been offered, to be compared with what is. */
function holdOut<Skill extends MenuEntry>(
  menu: EligibleMenu<Skill>,
  { rows }: Decision<Skill>,
): Decision<Skill> {
  return {
    strategy: menu.isShort ? 'full_menu' : 'smart_routing',
    rows: [],
    passedOver: rows,
    hinted: [],
    promptFragment: '',
    stable: { text: '', names: [], kept: null, widening: null },
    abstained: false,
    holdout: true,
  }
}

function offerBest<Skill extends MenuEntry>(
  menu: EligibleMenu<Skill>,
  ranked: readonly RankedCandidate<Skill>[],
  policy: RoutePolicy,
  random: SeededRandom | null,
): Decision<Skill> {
  const { minRelevance, exploreRate } = policy
  const topK = Math.min(policy.topK, policy.maxMenuSize ?? policy.topK)
  const abstained = !ranked.slice(0, topK).some(({ relevance }) => relevance >= minRelevance)
  const offer = abstained
    ? { offered: [], passedOver: [] }
    : selectOffer(ranked, { topK, minRelevance, exploreRate }, random)
  const rows = toRows(offer.offered, policy, 0)
  const fragmentRows = rows.map(({ skill, relevance }) => {
    const { skillId, name, description } = skill
    return { skillId, name, description, relevance }
  })
  return complete(menu, 'smart_routing', policy, {
    rows,
    passedOver: toRows(offer.passedOver, policy, offer.offered.length),
    promptFragment: renderRankedFragment(fragmentRows),
    abstained,
  })
}

function offerWhole<Skill extends MenuEntry>(
  menu: EligibleMenu<Skill>,
  ranked: readonly RankedCandidate<Skill>[],
  policy: RoutePolicy,
): Decision<Skill> {
  const found = new Set(ranked.map(({ skill }) => skill))
  const { kept } = menu.stable
  const rest = cutMenu(menu, kept === null ? menu.entries.length : kept.rows.length)
  const all = [
    ...ranked.map((candidate): Placed<Skill> => ({ ...candidate, propensity: 1, explored: false })),
    ...rest.filter((skill) => !found.has(skill)).map(unranked),
  ]
  const rows = toRows(all.slice(0, policy.maxMenuSize ?? all.length), policy, 0)
  return complete(menu, 'full_menu', policy, {
    rows,
    passedOver: [],
    promptFragment: renderMenu(rows.map(({ skill }) => skill).sort(compareNames)),
    abstained: !rows.some(({ selected }) => selected),
  })
}

type Chosen<Skill extends MenuEntry> = Pick<
  Decision<Skill>,
  'rows' | 'passedOver' | 'promptFragment' | 'abstained'
>

function complete<Skill extends MenuEntry>(
  menu: EligibleMenu<Skill>,
  strategy: Decision<Skill>['strategy'],
  policy: RoutePolicy,
  chosen: Chosen<Skill>,
): Decision<Skill> {
  const selected = chosen.rows.filter((row) => row.selected).slice(0, policy.hintK)
  return new RouteDecision(
    strategy,
    chosen,
    selected.map(({ skill }) => skill),
    menu.stable,
  )
}

/** A class, because a getter of an object literal gives each object a hidden class of its own. */
class RouteDecision<Skill extends MenuEntry> implements Decision<Skill> {
  readonly strategy: Decision<Skill>['strategy']
  readonly rows: Chosen<Skill>['rows']
  readonly passedOver: Chosen<Skill>['passedOver']
  readonly hinted: readonly Skill[]
  readonly promptFragment: string
  readonly abstained: boolean
  readonly holdout = false
  readonly #menu: StableMenu
  #stable: StableMenu | null = null

  constructor(
    strategy: Decision<Skill>['strategy'],
    { rows, passedOver, promptFragment, abstained }: Chosen<Skill>,
    hinted: readonly Skill[],
    menu: StableMenu,
  ) {
    this.strategy = strategy
    this.rows = rows
    this.passedOver = passedOver
    this.hinted = hinted
    this.promptFragment = promptFragment
    this.abstained = abstained
    this.#menu = menu
  }

  /** Whoever puts the hinted rows elsewhere does without. */
  get stable(): StableMenu {
    this.#stable ??= addHinted(this.#menu, this.hinted)
    return this.#stable
  }
}

/** The scores follow success as the order does, and never rise. */
function toRows<Skill extends MenuEntry>(
  placed: readonly Placed<Skill>[],
  { minRelevance }: RoutePolicy,
  ranksBefore: number,
): DecisionRow<Skill>[] {
  let lowest = 1
  return placed.map((candidate, index) => {
    lowest = Math.min(lowest, candidate.score * candidate.factor)
    return {
      skill: candidate.skill,
      rank: ranksBefore + index + 1,
      score: lowest,
      relevance: candidate.relevance,
      selected: candidate.relevance >= minRelevance,
      propensity: candidate.propensity,
      explored: candidate.explored,
      ranking: candidate,
    }
  })
}

function unranked<Skill extends MenuEntry>(skill: Skill): Placed<Skill> {
  const nothing = {
    lists: {},
    fused: 0,
    relevance: 0,
    score: 0,
    factor: 1,
    bonus: 0,
    final: 0,
    judged: 0,
    offers30d: 0,
  }
  return { skill, ...nothing, propensity: 1, explored: false }
}

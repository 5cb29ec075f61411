import type { Decision, DecisionRow } from './decision.ts'
import { cutMenu, type EligibleMenu } from './eligible-menu.ts'
import type { MenuEntry } from './menu-entry.ts'
import { renderMenuFragment, renderMenuRow, renderMenuTable } from './prompt-fragment.ts'

/** Offers all there is, or the `maxRows` to keep first, in the order of names. */
export function decideMenu<Skill extends MenuEntry>(
  menu: EligibleMenu<Skill>,
  maxRows: number | null,
): Decision<Skill> {
  const entries = maxRows === null ? menu.entries : cutMenu(menu, maxRows)
  return {
    strategy: 'full_menu',
    rows: entries.map(toRow),
    passedOver: [],
    hinted: [],
    promptFragment: renderMenu(entries),
    stable: menu.stable,
    abstained: false,
    holdout: false,
  }
}

/** The fragment that lists these entries, given in the order of names. */
export function renderMenu(entries: readonly MenuEntry[]): string {
  return renderMenuFragment(renderMenuTable(entries.map(renderMenuRow).join('')))
}

function toRow<Skill extends MenuEntry>(skill: Skill, index: number): DecisionRow<Skill> {
  return {
    skill,
    rank: index + 1,
    score: 0,
    relevance: 0,
    selected: true,
    propensity: 1,
    explored: false,
    ranking: null,
  }
}

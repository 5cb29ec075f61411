import { estimateTokens } from './estimate-tokens.ts'
import type { MenuEntry } from './menu-entry.ts'
import { buildStableMenu, type StableMenu } from './stable-menu.ts'

const shortMenuRows = 30
const shortMenuTokens = 1_500

/** The skills one agent may be offered, perhaps of one category: what its decisions choose from. Immutable. */
export interface EligibleMenu<Skill extends MenuEntry> {
  /** In the order of names. */
  readonly entries: readonly Skill[]
  /** Assigned to the agent, then by use: what is kept when a menu is cut. */
  readonly preferred: readonly Skill[]
  /** Of all descriptions. */
  readonly descriptionTokens: number
  /** So small that all of it is offered rather than a choice. */
  readonly isShort: boolean
  readonly stable: StableMenu
}

export interface EligibleMenuOptions<Skill extends MenuEntry> {
  readonly entries: readonly Skill[]
  readonly preferred: readonly Skill[]
  readonly stableMenuMaxTokens: number
}

export function createEligibleMenu<Skill extends MenuEntry>({
  entries,
  preferred,
  stableMenuMaxTokens,
}: EligibleMenuOptions<Skill>): EligibleMenu<Skill> {
  let characters = 0
  for (const { description } of entries) characters += description.length
  const descriptionTokens = estimateTokens(characters)
  return {
    entries,
    preferred,
    descriptionTokens,
    isShort: entries.length <= shortMenuRows && descriptionTokens <= shortMenuTokens,
    stable: buildStableMenu({ entries, preferred, maxTokens: stableMenuMaxTokens }),
  }
}

/** At most `limit` entries, preferred ones first, in the order of names. */
export function cutMenu<Skill extends MenuEntry>(
  { entries, preferred }: EligibleMenu<Skill>,
  limit: number,
): readonly Skill[] {
  if (entries.length <= limit) return entries
  const kept = new Set(preferred.slice(0, limit))
  for (const entry of entries) {
    if (kept.size >= limit) break
    kept.add(entry)
  }
  return entries.filter((entry) => kept.has(entry))
}

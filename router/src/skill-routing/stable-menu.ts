import { estimateTokens } from './estimate-tokens.ts'
import { compareNames, type MenuEntry } from './menu-entry.ts'
import { renderMenuRow, renderMenuTable } from './prompt-fragment.ts'

/** The menu that stays the same from request to request, so that providers can cache the prompt it is in. */
export interface StableMenu {
  /** Heading and table in the order of names, with one line end behind; empty without skills. */
  readonly text: string
  /** The names in its rows. */
  readonly names: readonly string[]
  /** The rows, or null where every eligible skill has one and nothing can be added. */
  readonly kept: ReadonlyMap<string, MenuEntry> | null
}

export interface StableMenuOptions {
  /** Every eligible skill, in the order of names. */
  readonly entries: readonly MenuEntry[]
  /** Which to keep first when not all fit; the rest follows in the order of names. */
  readonly preferred: readonly MenuEntry[]
  readonly maxTokens: number
}

/** Renders all entries, or as many as `maxTokens` allow. */
export function buildStableMenu({ entries, preferred, maxTokens }: StableMenuOptions): StableMenu {
  const whole = renderWithin(entries, maxTokens)
  if (whole !== null) return { text: whole, names: entries.map(({ name }) => name), kept: null }
  return renderKept(keepWithin(preferred, entries, maxTokens))
}

/** The menu with rows for these skills too; the same menu where they have theirs. */
export function addHinted(menu: StableMenu, hinted: readonly MenuEntry[]): StableMenu {
  const { kept } = menu
  if (kept === null || hinted.every(({ skillId }) => kept.has(skillId))) return menu
  const widened = new Map(kept)
  for (const entry of hinted) widened.set(entry.skillId, entry)
  return renderKept(widened)
}

function renderWithin(entries: readonly MenuEntry[], maxTokens: number): string | null {
  let rows = ''
  for (const entry of entries) {
    rows += renderMenuRow(entry)
    if (measure(rows) > maxTokens) return null
  }
  return renderMenuTable(rows)
}

function keepWithin(
  preferred: readonly MenuEntry[],
  entries: readonly MenuEntry[],
  maxTokens: number,
): Map<string, MenuEntry> {
  const kept = new Map<string, MenuEntry>()
  let rows = ''
  for (const list of [preferred, entries]) {
    for (const entry of list) {
      if (kept.has(entry.skillId)) continue
      rows += renderMenuRow(entry)
      if (measure(rows) > maxTokens) return kept
      kept.set(entry.skillId, entry)
    }
  }
  return kept
}

function renderKept(kept: ReadonlyMap<string, MenuEntry>): StableMenu {
  const rows = [...kept.values()].sort(compareNames)
  return {
    text: renderMenuTable(rows.map(renderMenuRow).join('')),
    names: rows.map(({ name }) => name),
    kept,
  }
}

const measure = (rows: string): number => estimateTokens(renderMenuTable(rows).length)

import { estimateTokens } from './estimate-tokens.ts'
import { compareNames, type MenuEntry } from './menu-entry.ts'
import { renderMenuRow, renderMenuTable } from './prompt-fragment.ts'

/** The menu that stays the same from request to request, so that providers can cache the prompt it is in. */
export interface StableMenu {
  /** Heading and table in the order of names, with one line end behind; empty without skills. */
  readonly text: string
  /** The names in its rows. */
  readonly names: readonly string[]
  /** What was chosen to fit, or null where every eligible skill has a row and nothing can be added. */
  readonly kept: KeptRows | null
}

interface KeptRows {
  readonly ids: ReadonlySet<string>
  /** As rendered, in the order of names. */
  readonly rows: readonly string[]
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

/**
 * The menu with rows for these skills too; the same menu where they have theirs. Done for most requests: only the new
 * rows are rendered.
 */
export function addHinted(menu: StableMenu, hinted: readonly MenuEntry[]): StableMenu {
  const { kept } = menu
  if (kept === null) return menu
  const missing = hinted.filter(({ skillId }) => !kept.ids.has(skillId))
  if (missing.length === 0) return menu
  const names = [...menu.names]
  const rows = [...kept.rows]
  for (const entry of missing) {
    const place = findPlace(names, entry)
    names.splice(place, 0, entry.name)
    rows.splice(place, 0, renderMenuRow(entry))
  }
  const ids = new Set(kept.ids)
  for (const { skillId } of missing) ids.add(skillId)
  return { text: renderMenuTable(rows.join('')), names, kept: { ids, rows } }
}

/** Where a name belongs among sorted ones. */
function findPlace(names: readonly string[], entry: MenuEntry): number {
  let low = 0
  let high = names.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareNames({ name: names[middle] as string }, entry) < 0) low = middle + 1
    else high = middle
  }
  return low
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
  const entries = [...kept.values()].sort(compareNames)
  const rows = entries.map(renderMenuRow)
  return {
    text: renderMenuTable(rows.join('')),
    names: entries.map(({ name }) => name),
    kept: { ids: new Set(kept.keys()), rows },
  }
}

const measure = (rows: string): number => estimateTokens(renderMenuTable(rows).length)

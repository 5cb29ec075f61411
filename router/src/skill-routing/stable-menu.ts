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
  /** Null but where rows were added to another menu. */
  readonly widening: Widening | null
}

interface Widening {
  readonly base: StableMenu
  /** In the order of names. */
  readonly added: readonly AddedRow[]
}

interface AddedRow {
  readonly skillId: string
  readonly name: string
  /** As rendered. */
  readonly row: string
  /** Ahead of which row of the base it belongs, by number. */
  readonly place: number
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
  if (whole !== null)
    return { text: whole, names: entries.map(({ name }) => name), kept: null, widening: null }
  return renderKept(keepWithin(preferred, entries, maxTokens))
}

/** The menu with rows for these skills too; the same menu where they have theirs. */
export function addHinted(menu: StableMenu, hinted: readonly MenuEntry[]): StableMenu {
  const { kept } = menu
  if (kept === null) return menu
  const missing = hinted.filter(({ skillId }) => !kept.ids.has(skillId)).sort(compareNames)
  if (missing.length === 0) return menu
  const added = missing.map((entry) => ({
    skillId: entry.skillId,
    name: entry.name,
    row: renderMenuRow(entry),
    place: findPlace(menu.names, entry),
  }))
  return new WidenedMenu({ base: menu, added })
}

/** Done for most requests, and most readers want what was added and nothing else: the whole is made when asked for. */
class WidenedMenu implements StableMenu {
  readonly widening: Widening

  constructor(widening: Widening) {
    this.widening = widening
  }

  get text(): string {
    return renderMenuTable(this.kept.rows.join(''))
  }

  get names(): readonly string[] {
    return this.#insert(this.widening.base.names, ({ name }) => name)
  }

  get kept(): KeptRows {
    const { base, added } = this.widening
    return {
      ids: new Set([...(base.kept?.ids ?? []), ...added.map(({ skillId }) => skillId)]),
      rows: this.#insert(base.kept?.rows ?? [], ({ row }) => row),
    }
  }

  #insert(items: readonly string[], read: (added: AddedRow) => string): string[] {
    const { added } = this.widening
    return [...items, null].flatMap((item, place) => [
      ...added.filter((row) => row.place === place).map(read),
      ...(item === null ? [] : [item]),
    ])
  }
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
    widening: null,
  }
}

const measure = (rows: string): number => estimateTokens(renderMenuTable(rows).length)

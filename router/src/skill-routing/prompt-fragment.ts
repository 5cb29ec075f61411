import type { MenuEntry } from './menu-entry.ts'
import { escapeCell } from './table-cell.ts'

/** The sentence under every table, version 1. Prompts are evaluated with these bytes: changing it is a release note. */
export const menuInstruction =
  'If one of the skills above fits the request, apply its instructions and give the user a direct, complete answer; never reply only by naming a skill.'

const menuHead = '## Available Skills\n\n| Skill | Description |\n|-------|-------------|\n'
const rankedHead =
  '## Recommended Skills\n\n| Skill | Description | Relevance |\n|-------|-------------|-----------|\n'

/** An entry with its match strength, 0 to 1. */
export interface RankedEntry extends MenuEntry {
  readonly relevance: number
}

/** One row of the two-column table, with its line end. */
export function renderMenuRow({ name, description }: MenuEntry): string {
  return `| ${escapeCell(name)} | ${escapeCell(description)} |\n`
}

/** Heading and table without a fragment's last sentence. `rows` is rendered rows; empty for none. */
export function renderMenuTable(rows: string): string {
  return rows === '' ? '' : menuHead + rows
}

/** The fragment of a full menu, given its table. */
export function renderMenuFragment(table: string): string {
  return table === '' ? '' : `${table}\n${menuInstruction}\n`
}

/** The fragment of a smart route, rows in rank order. The percentages never rise from row to row. */
export function renderRankedFragment(entries: readonly RankedEntry[]): string {
  if (entries.length === 0) return ''
  let lowest = 1
  let rows = ''
  for (const { name, description, relevance } of entries) {
    lowest = Math.max(0, Math.min(lowest, relevance))
    rows += `| ${escapeCell(name)} | ${escapeCell(description)} | ${Math.round(lowest * 100)}% |\n`
  }
  return `${rankedHead}${rows}\n${menuInstruction}\n`
}

/** The line behind the prompt that names what fits best; empty without names. */
export function renderRoutingHint(names: readonly string[]): string {
  return names.length === 0 ? '' : `Best matches for this request: ${names.join(', ')}.`
}

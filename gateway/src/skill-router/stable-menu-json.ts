import { type Decision, menuInstruction } from '@routeiq/router'
import { toOctets } from '../http/octet-text.ts'
import type { HotSkill } from './hot-skill.ts'

type StableMenu = Decision<HotSkill>['stable']

/** A menu that was cut, as JSON text in which rows and names can be put; one octet a character. */
interface Pieces {
  /** What stands ahead of the rows, and the rows, without quotes. */
  readonly text: string
  /** Where each row begins in `text`, and where the last one ends. */
  readonly rowStarts: readonly number[]
  /** Each with a comma behind it. */
  readonly names: string
  readonly nameStarts: readonly number[]
}

/**
 * Writes `stable_menu`, `stable_menu_skills` and `menu_instruction` as JSON, in this order, without braces, one octet a
 * character. The rows of the menu are written once: a request whose hint adds some pays for these.
 */
export class StableMenuJson {
  readonly #menu: StableMenu
  readonly #whole: string
  readonly #pieces: Pieces | null

  constructor(menu: StableMenu) {
    this.#menu = menu
    this.#whole = formatWhole(menu)
    this.#pieces = cutMenu(menu)
  }

  /** @param stable the menu, or the menu with rows that were added */
  format(stable: StableMenu): string {
    if (stable === this.#menu) return this.#whole
    const { widening } = stable
    if (this.#pieces === null || widening?.base !== this.#menu) return formatWhole(stable)
    const { text, rowStarts, names, nameStarts } = this.#pieces
    const { added } = widening
    const rows = added.map(({ row, place }) => ({
      at: rowStarts[place] as number,
      text: toEscapedOctets(row),
    }))
    const wider = added.map(({ name, place }) => ({
      at: nameStarts[place] as number,
      text: toOctets(`${JSON.stringify(name)},`),
    }))
    return textHead + insert(text, rows) + textEnd + insert(names, wider).slice(0, -1) + namesEnd
  }
}

interface Insertion {
  readonly at: number
  readonly text: string
}

/** This text with others in between. */
function insert(text: string, insertions: readonly Insertion[]): string {
  let whole = ''
  let from = 0
  for (const { at, text: inserted } of insertions) {
    whole += text.slice(from, at) + inserted
    from = at
  }
  return whole + text.slice(from)
}

const textHead = '"stable_menu":"'
const textEnd = '","stable_menu_skills":['
const namesEnd = `],"menu_instruction":${JSON.stringify(menuInstruction)}`

const formatWhole = ({ text, names }: StableMenu): string =>
  textHead + toEscapedOctets(text) + textEnd + toOctets(JSON.stringify(names).slice(1, -1)) + namesEnd

/** JSON text of a string without its quotes. */
const toEscapedOctets = (text: string): string => toOctets(JSON.stringify(text).slice(1, -1))

/** Null for a menu that nothing is added to, or without a row to tell its head by. */
function cutMenu({ text, names, kept }: StableMenu): Pieces | null {
  const first = kept?.rows[0]
  if (kept === null || first === undefined) return null
  const head = toEscapedOctets(text.slice(0, text.indexOf(first)))
  const rows = kept.rows.map(toEscapedOctets)
  const namesJson = names.map((name) => toOctets(`${JSON.stringify(name)},`))
  return {
    text: head + rows.join(''),
    rowStarts: listStarts(rows, head.length),
    names: namesJson.join(''),
    nameStarts: listStarts(namesJson, 0),
  }
}

/** Where each of these begins when they stand behind one another, and where the last one ends. */
function listStarts(parts: readonly string[], first: number): number[] {
  const starts = [first]
  for (const part of parts) starts.push((starts.at(-1) as number) + part.length)
  return starts
}

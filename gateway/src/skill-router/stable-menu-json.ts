import { type Decision, menuInstruction } from '@routeiq/router'
import type { HotSkill } from './hot-skill.ts'

type StableMenu = Decision<HotSkill>['stable']

/** A menu that was cut, as JSON text in which rows and names can be put. */
interface Pieces {
  /** What stands ahead of the rows, and the rows, without quotes. */
  readonly text: Buffer
  /** Where each row begins in `text`, and where the last one ends. */
  readonly rowStarts: readonly number[]
  /** Each with a comma behind it. */
  readonly names: Buffer
  readonly nameStarts: readonly number[]
}

/**
 * Writes `stable_menu`, `stable_menu_skills` and `menu_instruction` as JSON, in this order, without braces, as bytes that
 * belong behind one another. The rows of the menu are written once: a request whose hint adds some pays for these.
 */
export class StableMenuJson {
  readonly #menu: StableMenu
  readonly #whole: readonly Buffer[]
  readonly #pieces: Pieces | null

  constructor(menu: StableMenu) {
    this.#menu = menu
    this.#whole = formatWhole(menu)
    this.#pieces = cutMenu(menu)
  }

  /** @param stable the menu, or the menu with rows that were added */
  format(stable: StableMenu): readonly Buffer[] {
    if (stable === this.#menu) return this.#whole
    const { widening } = stable
    if (this.#pieces === null || widening?.base !== this.#menu) return formatWhole(stable)
    const { text, rowStarts, names, nameStarts } = this.#pieces
    const { added } = widening
    const rows = added.map(({ row, place }) => ({ at: rowStarts[place] as number, text: escapeText(row) }))
    const wider = added.map(({ name, place }) => ({
      at: nameStarts[place] as number,
      text: `${JSON.stringify(name)},`,
    }))
    const list = insert(names, wider)
    const last = list.pop() as Buffer
    return [textHead, ...insert(text, rows), textEnd, ...list, last.subarray(0, -1), namesEnd]
  }
}

interface Insertion {
  readonly at: number
  readonly text: string
}

/** These bytes with texts in between, in parts that are not empty. */
function insert(bytes: Buffer, insertions: readonly Insertion[]): Buffer[] {
  const parts: Buffer[] = []
  let from = 0
  for (const { at, text } of insertions) {
    if (at > from) parts.push(bytes.subarray(from, at))
    parts.push(Buffer.from(text))
    from = at
  }
  if (from < bytes.length) parts.push(bytes.subarray(from))
  return parts
}

const textHead = Buffer.from('"stable_menu":"')
const textEnd = Buffer.from('","stable_menu_skills":[')
const namesEnd = Buffer.from(`],"menu_instruction":${JSON.stringify(menuInstruction)}`)

const formatWhole = ({ text, names }: StableMenu): readonly Buffer[] => [
  textHead,
  Buffer.from(escapeText(text)),
  textEnd,
  Buffer.from(JSON.stringify(names).slice(1, -1)),
  namesEnd,
]

/** JSON text of a string without its quotes. */
const escapeText = (text: string): string => JSON.stringify(text).slice(1, -1)

/** Null for a menu that nothing is added to, or without a row to tell its head by. */
function cutMenu({ text, names, kept }: StableMenu): Pieces | null {
  const first = kept?.rows[0]
  if (kept === null || first === undefined) return null
  const head = Buffer.from(escapeText(text.slice(0, text.indexOf(first))))
  const rows = kept.rows.map((row) => Buffer.from(escapeText(row)))
  const namesJson = names.map((name) => Buffer.from(`${JSON.stringify(name)},`))
  return {
    text: Buffer.concat([head, ...rows]),
    rowStarts: listStarts(rows, head.length),
    names: Buffer.concat(namesJson),
    nameStarts: listStarts(namesJson, 0),
  }
}

/** Where each of these begins when they stand behind one another, and where the last one ends. */
function listStarts(parts: readonly Buffer[], first: number): number[] {
  const starts = [first]
  for (const part of parts) starts.push((starts.at(-1) as number) + part.length)
  return starts
}

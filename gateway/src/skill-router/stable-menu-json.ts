import { type Decision, menuInstruction } from '@routeiq/router'
import type { HotSkill } from './hot-skill.ts'

type StableMenu = Decision<HotSkill>['stable']

/** The parts of a menu that was cut: what stands ahead of its rows, and each row and name as JSON. */
interface Pieces {
  readonly head: string
  readonly rows: readonly string[]
  readonly rowsJson: readonly string[]
  readonly namesJson: readonly string[]
}

/**
 * Writes `stable_menu`, `stable_menu_skills` and `menu_instruction` as JSON, in this order, without braces. The rows of
 * the menu are written once: a request whose hint adds some pays for these.
 */
export class StableMenuJson {
  readonly #menu: StableMenu
  readonly #whole: string
  readonly #pieces: Pieces | null

  constructor(menu: StableMenu) {
    this.#menu = menu
    this.#whole = formatMembers(JSON.stringify(menu.text), JSON.stringify(menu.names))
    this.#pieces = cutMenu(menu)
  }

  /** @param stable the menu, or the menu with rows that were added */
  format(stable: StableMenu): string {
    if (stable === this.#menu) return this.#whole
    if (this.#pieces === null || stable.kept === null)
      return formatMembers(JSON.stringify(stable.text), JSON.stringify(stable.names))
    const { head, rows, rowsJson, namesJson } = this.#pieces
    let text = head
    let names = ''
    let known = 0
    for (const [place, row] of stable.kept.rows.entries()) {
      const isKnown = row === rows[known]
      text += isKnown ? rowsJson[known] : escapeText(row)
      names += `${place === 0 ? '' : ','}${isKnown ? namesJson[known] : JSON.stringify(stable.names[place])}`
      if (isKnown) known += 1
    }
    return formatMembers(`"${text}"`, `[${names}]`)
  }
}

const formatMembers = (text: string, names: string): string =>
  `"stable_menu":${text},"stable_menu_skills":${names},"menu_instruction":${instruction}`

const instruction = JSON.stringify(menuInstruction)

/** JSON text of a string without its quotes. */
const escapeText = (text: string): string => JSON.stringify(text).slice(1, -1)

/** Null for a menu that nothing is added to, or without a row to tell its head by. */
function cutMenu({ text, names, kept }: StableMenu): Pieces | null {
  const first = kept?.rows[0]
  if (kept === null || first === undefined) return null
  return {
    head: escapeText(text.slice(0, text.indexOf(first))),
    rows: kept.rows,
    rowsJson: kept.rows.map(escapeText),
    namesJson: names.map((name) => JSON.stringify(name)),
  }
}

/** How skills are put into a request: all as a menu, routed by its text, exactly those named, or not at all. */
type SkillsMode = 'off' | 'menu' | 'auto' | 'list'

/** What a caller, key or model entry wants of skills. Null members leave it to the configuration. */
export interface SkillsWish {
  readonly mode: SkillsMode
  /** For `list`: names, slugs or ids. */
  readonly names: readonly string[]
  /** Names in the hint. */
  readonly hintK: number | null
  /** Bodies put behind the menu at once, 0 to 3. */
  readonly bodies: number | null
  readonly bodyTokens: number | null
  readonly menuTokens: number | null
  /** Whether the model gets the tool that loads a body. */
  readonly tool: boolean
  readonly hint: boolean
  readonly category: string | null
  /** What a name that is not there does to the request. */
  readonly missing: 'skip' | 'error'
}

const plainWish: SkillsWish = {
  mode: 'off',
  names: [],
  hintK: null,
  bodies: null,
  bodyTokens: null,
  menuTokens: null,
  tool: true,
  hint: true,
  category: null,
  missing: 'error',
}

/** What is wrong with a wish, for the caller to read. */
export class MalformedWish extends Error {}

const keywords: ReadonlyMap<string, SkillsMode> = new Map([
  ['off', 'off'],
  ['menu', 'menu'],
  ['auto', 'auto'],
])
const maxNames = 50

/**
 * Reads `x-routeiq-skills`: `off`, `menu`, `auto` or names with commas, then parameters after `;` in any order. A skill
 * called like a keyword is written `name:auto`. Errors: MalformedWish.
 */
export function parseSkillsWish(text: string): SkillsWish {
  const [head = '', ...parameters] = text.split(';').map((piece) => piece.trim())
  let wish = parseHead(head)
  const seen = new Set<string>()
  for (const parameter of parameters) {
    if (parameter === '') continue
    const [name = '', value = ''] = parameter.split('=', 2).map((piece) => piece.trim())
    if (seen.has(name)) throw new MalformedWish(`\`${name}\` is given twice.`)
    seen.add(name)
    wish = { ...wish, ...parseParameter(name, value) }
  }
  return wish
}

/** The same wish written as an object: `{mode, names, k, body, …}`. Errors: MalformedWish. */
export function readSkillsWish(value: unknown): SkillsWish {
  if (typeof value === 'string') return parseSkillsWish(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MalformedWish('It must be text or an object with `mode` or `names`.')
  const { mode, names, ...parameters } = value as Record<string, unknown>
  let wish = names === undefined ? readMode(mode) : listWish(readNames(names))
  for (const [name, parameter] of Object.entries(parameters))
    wish = { ...wish, ...parseParameter(name, writeParameter(parameter)) }
  return wish
}

function writeParameter(value: unknown): string {
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value)
}

function readMode(mode: unknown): SkillsWish {
  const known = typeof mode === 'string' ? keywords.get(mode) : undefined
  if (known === undefined) throw new MalformedWish('`mode` must be off, menu or auto; or give `names`.')
  return { ...plainWish, mode: known }
}

function readNames(names: unknown): readonly string[] {
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string'))
    throw new MalformedWish('`names` must be a list of skill names.')
  return names
}

function parseHead(head: string): SkillsWish {
  const mode = keywords.get(head)
  if (mode !== undefined) return { ...plainWish, mode }
  return listWish(head.split(',').map((name) => name.trim().replace(/^name:/, '')))
}

function listWish(names: readonly string[]): SkillsWish {
  if (names.length === 0 || names.includes(''))
    throw new MalformedWish('Write off, menu, auto, or the names of skills with commas between them.')
  if (names.length > maxNames) throw new MalformedWish(`At most ${maxNames} skills can be named.`)
  return { ...plainWish, mode: 'list', names: [...new Set(names)] }
}

function parseParameter(name: string, value: string): Partial<SkillsWish> {
  switch (name) {
    case 'k':
      return { hintK: readCount(name, value, 0, 20) }
    case 'body':
      return { bodies: readCount(name, value, 0, 3) }
    case 'budget':
      return { bodyTokens: readCount(name, value, 0, 100_000) }
    case 'menu':
      return { menuTokens: readCount(name, value, 0, 100_000) }
    case 'tool':
      return { tool: readSwitch(name, value) }
    case 'hint':
      return { hint: readSwitch(name, value) }
    case 'cat':
      if (value === '') throw new MalformedWish('`cat` must be a category.')
      return { category: value }
    case 'missing':
      if (value !== 'skip' && value !== 'error') throw new MalformedWish('`missing` must be skip or error.')
      return { missing: value }
    default:
      throw new MalformedWish(
        `\`${name}\` is no parameter; k, body, budget, menu, tool, hint, cat and missing are.`,
      )
  }
}

function readCount(name: string, value: string, least: number, most: number): number {
  const count = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN
  if (count >= least && count <= most) return count
  throw new MalformedWish(`\`${name}\` must be a whole number from ${least} to ${most}.`)
}

function readSwitch(name: string, value: string): boolean {
  if (value === 'on') return true
  if (value === 'off') return false
  throw new MalformedWish(`\`${name}\` must be on or off.`)
}

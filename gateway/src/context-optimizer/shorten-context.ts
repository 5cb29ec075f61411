import { canonicalJson } from '../json/canonical-json.ts'
import { splitArray } from '../json/split-array.ts'
import { dropNearRepeats, dropRepeatedSystem, type Protected, trimHistory } from './choose-turns.ts'
import { mapWords } from './map-words.ts'
import { collapseBlankLines, minifyJson } from './shorten-text.ts'
import { hasMark, isObject, type JsonObject, readTurn, type Turn } from './turn.ts'

export interface OptimizerOptions {
  readonly mode: 'safe' | 'aggressive'
  /** Longer histories are trimmed under `aggressive`. In turns, system messages left out. */
  readonly maxTurns: number
  /** Turns of a history that was trimmed. */
  readonly keepLast: number
}

export interface ShortenedContext {
  /** The members that changed, as JSON text. */
  readonly members: ReadonlyMap<string, string>
  /** Of JSON without white space. */
  readonly savedCharacters: number
}

const conversations = ['messages', 'input', 'contents']
const directions = ['system', 'instructions', 'systemInstruction', 'system_instruction']

/**
 * Takes out of a request what a model can do without: white space of JSON, blank lines, tools and system messages that stand there
 * twice; `aggressive` also messages that were said before, and the beginning of long histories. Works on chat completions, Messages,
 * Responses and generateContent. What a human said last, the order of what stays, and all that a cache mark covers (in the order
 * tools, system, messages) are not touched, and no result of a tool loses its call. Null where nothing is saved.
 *
 * @param rawOf the JSON text of a member as it was sent; null where it is not known
 */
export function shortenContext(
  body: JsonObject,
  rawOf: (name: string) => string | null,
  options: OptimizerOptions,
): ShortenedContext | null {
  // Such a mark covers the whole request.
  if ((body['cache_control'] ?? null) !== null) return null
  const edits = new Edits(body, rawOf)
  const name = conversations.find((name) => Array.isArray(body[name]))
  const items = name === undefined ? [] : (body[name] as readonly unknown[])
  const turns = items.every(isObject) ? items.map(readTurn) : []
  const isPrefixMarked =
    turns.some(({ isMarked }) => isMarked) || directions.some((name) => hasMark(body[name]))
  if (!isPrefixMarked && !hasMark(body['tools'])) edits.setItems('tools', dropRepeated(listOf(body['tools'])))
  if (!isPrefixMarked) for (const name of directions) shortenDirections(body[name], name, edits)
  if (name !== undefined && turns.length > 0) edits.setItems(name, optimizeTurns(turns, options))
  return edits.result()
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const shorten = (text: string): string => {
  const minified = minifyJson(text)
  return minified === text ? collapseBlankLines(text) : minified
}

/** What stays of items, by index: null in the place of one that stood there before. */
function dropRepeated(items: readonly unknown[]): readonly unknown[] {
  const seen = new Set<string>()
  return items.map((item) => {
    const text = canonicalJson(item)
    const isRepeated = seen.has(text)
    seen.add(text)
    return isRepeated ? null : item
  })
}

function shortenDirections(value: unknown, name: string, edits: Edits): void {
  if (typeof value === 'string') edits.setText(name, shorten(value))
  else if (Array.isArray(value))
    edits.setItems(
      name,
      dropRepeated(value).map((block) => (isObject(block) ? shortenItem(block) : block)),
    )
  else if (isObject(value))
    edits.setObject(name, mapWords({ item: value, role: 'system' }, shorten, minifyJson))
}

/** A block of text that stands alone. */
function shortenItem(block: JsonObject): JsonObject {
  const item = { content: [block] }
  const mapped = mapWords({ item, role: 'system' }, shorten, minifyJson)
  return mapped === item ? block : ((mapped['content'] as readonly JsonObject[])[0] ?? block)
}

/** What stays of each turn, by index; null in the place of one that goes. */
function optimizeTurns(turns: readonly Turn[], options: OptimizerOptions): readonly unknown[] {
  const lastMark = turns.findLastIndex(({ isMarked }) => isMarked)
  const lastAsk = turns.findLastIndex(({ role }) => role === 'user')
  const kept: unknown[] = turns.map((turn, index) =>
    index <= lastMark || index === lastAsk ? turn.item : mapWords(turn, shorten, minifyJson),
  )
  let left = turns.map((_, index) => index)
  const drop = (choose: (turns: readonly Turn[], kept: Protected) => ReadonlySet<number>): void => {
    const remaining = left.flatMap((index) => turns[index] ?? [])
    const dropped = choose(remaining, { lastMark: left.indexOf(lastMark), lastAsk: left.indexOf(lastAsk) })
    for (const at of dropped) kept[left[at] ?? -1] = null
    left = left.filter((_, at) => !dropped.has(at))
  }
  drop(dropRepeatedSystem)
  if (options.mode === 'safe') return kept
  drop(dropNearRepeats)
  drop((remaining, limits) => trimHistory(remaining, limits, options))
  return kept
}

const strings = /"[^"\\]*(?:\\.[^"\\]*)*"/g

/** Whether JSON comes out of being read and written with the numbers it had. */
function keepsNumbers(raw: string): boolean {
  const numbers = raw.replace(strings, '').match(/-?\d[\d.eE+-]*/g) ?? []
  return numbers.every((number) => String(Number(number)) === number)
}

const lengthOf = (value: unknown): number => JSON.stringify(value).length

/** The members that changed. What did not change in them stays as it was sent, down to the spelling of its numbers. */
class Edits {
  readonly #body: JsonObject
  readonly #rawOf: (name: string) => string | null
  readonly #members = new Map<string, string>()
  #saved = 0

  constructor(body: JsonObject, rawOf: (name: string) => string | null) {
    this.#body = body
    this.#rawOf = rawOf
  }

  setText(name: string, text: string): void {
    if (text === this.#body[name]) return
    this.#members.set(name, JSON.stringify(text))
    this.#saved += lengthOf(this.#body[name]) - lengthOf(text)
  }

  setObject(name: string, value: JsonObject): void {
    const raw = this.#rawOf(name)
    if (value === this.#body[name] || raw === null || !keepsNumbers(raw)) return
    this.#members.set(name, JSON.stringify(value))
    this.#saved += lengthOf(this.#body[name]) - lengthOf(value)
  }

  /** `kept` has what stays of each item, null for those that go. */
  setItems(name: string, kept: readonly unknown[]): void {
    const items = listOf(this.#body[name])
    if (kept.every((item, index) => item === items[index])) return
    const pieces = splitArray(this.#rawOf(name) ?? '')
    if (pieces === null || pieces.length !== items.length) return
    const texts: string[] = []
    for (const [index, piece] of pieces.entries()) {
      const item = kept[index]
      if (item !== items[index] && item === null) this.#saved += lengthOf(items[index])
      else if (item === items[index] || !keepsNumbers(piece)) texts.push(piece)
      else {
        texts.push(JSON.stringify(item))
        this.#saved += lengthOf(items[index]) - lengthOf(item)
      }
    }
    this.#members.set(name, `[${texts.join(',')}]`)
  }

  result(): ShortenedContext | null {
    return this.#saved <= 0 ? null : { members: this.#members, savedCharacters: this.#saved }
  }
}

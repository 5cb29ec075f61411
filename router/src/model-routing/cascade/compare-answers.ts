import type { RequestShape } from '../features/structured.ts'
import type { AnswerFacts } from './answer-facts.ts'

export const comparators = ['json', 'tools', 'label', 'number'] as const
/** What makes two answers the same. Free text has none. */
export type Comparator = (typeof comparators)[number]

const relativeTolerance = 1e-6
const options = /(^|\n)\s*\(?[a-j][).:]\s/gi
const asksForNumber =
  /\b(how (many|much|old|far|long|tall)|calculate|compute|evaluate|what is the (sum|product|value|total|number|probability|area|volume|remainder)|solve for)\b/i

/** How answers to this request can be compared; null when they cannot, because they will be free text. */
export function chooseComparator(ask: string, { structuredOutput, tools }: RequestShape): Comparator | null {
  if (structuredOutput) return 'json'
  if (tools > 0) return 'tools'
  if ((ask.match(options) ?? []).length >= 2) return 'label'
  return asksForNumber.test(ask) ? 'number' : null
}

/** Whether two answers say the same. What cannot be read says nothing, and is never the same. */
export function isSameAnswer(
  comparator: Comparator,
  one: AnswerFacts,
  other: AnswerFacts,
  ignoredPaths: readonly string[] = [],
): boolean {
  const [left, right] = [one, other].map((answer) => readFinal(comparator, answer))
  if (left === undefined || right === undefined || left === null || right === null) return false
  return isEqual(left, right, ignoredPaths, '')
}

/** What is compared of an answer; null when it cannot be found. */
function readFinal(comparator: Comparator, { text, toolCalls }: AnswerFacts): unknown {
  if (comparator === 'json') return parseJson(unfence(text))
  if (comparator === 'tools') {
    const calls = toolCalls.map((call) => ({ name: call.name, arguments: parseJson(call.arguments) }))
    return calls.length > 0 ? calls : null
  }
  return comparator === 'label' ? readLabel(text) : readNumber(text)
}

/** After the last marker of an answer, else the only letter there is. */
function readLabel(text: string): string | null {
  const marked = [
    ...text.matchAll(/(?:answer|option|choice)(?:\s+is)?\s*[:=]?\s*\**\(?([a-j])\b\)?/gi),
    ...text.matchAll(/\\boxed\{\s*(?:\\text\{)?\(?([a-j])\)?/gi),
  ].at(-1)?.[1]
  const alone = /^\W*([a-j])\b\W*(?:$|[).:\n])/i.exec(text.trim())?.[1]
  return (marked ?? alone)?.toUpperCase() ?? null
}

const numeral = String.raw`-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?`

/** The number behind the last marker of an answer, else the last number. */
function readNumber(text: string): number | null {
  const marked = [
    ...text.matchAll(
      new RegExp(String.raw`(?:answer(?:\s+is)?|####|=|\\boxed\{)\s*[:=]?\s*\**\$?\s*(${numeral})`, 'gi'),
    ),
  ].at(-1)?.[1]
  const found = marked ?? text.match(new RegExp(numeral, 'gi'))?.at(-1)
  const value = Number(found?.replaceAll(',', ''))
  return found !== undefined && Number.isFinite(value) ? value : null
}

function unfence(text: string): string {
  return /```(?:json)?\s*\n?([\s\S]*?)```/.exec(text)?.[1] ?? text
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}

/** Whether two JSON values say the same. */
export function isSameJson(left: unknown, right: unknown): boolean {
  return isEqual(left, right, [], '')
}

/** Numbers up to rounding, members in any order. Paths are `a.b`, without positions of arrays. */
function isEqual(left: unknown, right: unknown, ignored: readonly string[], path: string): boolean {
  if (ignored.includes(path)) return true
  if (typeof left === 'number' && typeof right === 'number')
    return Math.abs(left - right) <= relativeTolerance * Math.max(1, Math.abs(left), Math.abs(right))
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null)
    return left === right
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false
    return left.every((item, at) => isEqual(item, right[at], ignored, path))
  }
  const [one, other] = [left as Record<string, unknown>, right as Record<string, unknown>]
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...names].every((name) =>
    isEqual(one[name], other[name], ignored, path === '' ? name : `${path}.${name}`),
  )
}

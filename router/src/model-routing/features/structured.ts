import { fnvOf } from './hash-tokens.ts'

/** What features read of a request beside its text. */
export interface RequestShape {
  readonly tools: number
  readonly schemaDepth: number
  readonly images: number
  readonly structuredOutput: boolean
  /** Null when the request sets none. */
  readonly maxTokens: number | null
  readonly turns: number
  readonly inToolLoop: boolean
  readonly systemChars: number
}

/** A bare question. */
export const plainShape: RequestShape = {
  tools: 0,
  schemaDepth: 0,
  images: 0,
  structuredOutput: false,
  maxTokens: null,
  turns: 1,
  inToolLoop: false,
  systemChars: 0,
}

/** Order and number are part of the feature specification. */
const structuredNames = [
  'ln_chars',
  'ln_words',
  'digit_share',
  'backslash_share',
  'newline_share',
  'question_marks',
  'code',
  'dollar_maths',
  'parenthesis_share',
  'lettered_options',
  'maths_words',
  'tools',
  'schema_depth',
  'images',
  'structured_output',
  'ln_max_tokens',
  'ln_turns',
  'in_tool_loop',
  'system_bucket',
] as const

export const structuredSize = structuredNames.length

const mathsWords = new Set(
  [
    'solve prove equation integral derivative probability polynomial matrix vector theorem triangle angle',
    'fraction percent sum product calculate compute evaluate simplify factor algebra geometry modulo prime',
  ].flatMap((words) => words.split(' ').map(fnvOf)),
)

/** Nearly every token is told from words of mathematics by the low bits of its hash. */
const mayBeMaths = new Uint8Array(4_096)
for (const hash of mathsWords) mayBeMaths[hash & 4_095] = 1

/** Whether a token, given by its hash, is a word of mathematics. */
export function isMathsWord(hash: number): boolean {
  return mayBeMaths[hash & 4_095] === 1 && mathsWords.has(hash)
}

const newline = 10
const dollar = 36
const open = 40
const close = 41
const question = 63
const backslash = 92
/** Below this a single line break would weigh too much. */
const newlinesCountFrom = 250

/** Fills `out` with the raw features of a normalised, lower-case ask. */
export function readStructured(
  text: string,
  shape: RequestShape,
  mathsWordCount: number,
  out: Float64Array,
): void {
  const counts = countCharacters(text)
  const size = Math.max(1, text.length)
  out[0] = Math.log(1 + text.length)
  out[1] = Math.log(1 + counts.words)
  out[2] = counts.digits / size
  out[3] = counts.backslashes / size
  out[4] = text.length < newlinesCountFrom ? 0 : counts.newlines / size
  out[5] = Math.min(10, counts.questions)
  out[6] = hasCode(text) ? 1 : 0
  out[7] = counts.dollars >= 2 ? 1 : 0
  out[8] = counts.parentheses / size
  out[9] = Math.min(12, counts.options)
  out[10] = mathsWordCount > 0 ? 1 : 0
  readShape(shape, out)
}

function readShape(shape: RequestShape, out: Float64Array): void {
  out[11] = Math.min(32, shape.tools)
  out[12] = Math.min(12, shape.schemaDepth)
  out[13] = Math.min(16, shape.images)
  out[14] = shape.structuredOutput ? 1 : 0
  out[15] = shape.maxTokens === null ? 0 : Math.log(1 + shape.maxTokens)
  out[16] = Math.log(1 + shape.turns)
  out[17] = shape.inToolLoop ? 1 : 0
  out[18] = Math.min(4, Math.ceil(Math.log10(1 + shape.systemChars)))
}

const plain = 0
const blank = 1
const digit = 2
const sign = 3
/** Which characters of ASCII count for something. */
const kinds = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code === 32 || code === newline) return blank
  if (code >= 48 && code <= 57) return digit
  return [dollar, open, close, question, backslash].includes(code) ? sign : plain
})

interface CharacterCounts {
  readonly digits: number
  readonly backslashes: number
  readonly newlines: number
  readonly questions: number
  readonly dollars: number
  readonly parentheses: number
  readonly words: number
  readonly options: number
}

function countCharacters(text: string): CharacterCounts {
  let digits = 0
  let newlines = 0
  let words = 0
  let options = 0
  /** By the code of the sign. */
  const signs = new Uint16Array(128)
  let before = newline
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    const kind = code < 128 ? (kinds[code] as number) : plain
    if (before !== 0) {
      if (kind !== blank) words++
      if (before === newline && isOption(text, index)) options++
      before = 0
    }
    // Letters are most of a text and count for nothing here.
    if (kind === plain) continue
    if (kind === blank) {
      before = code
      if (code === newline) newlines++
    } else if (kind === digit) digits++
    else signs[code] = (signs[code] as number) + 1
  }
  const countOf = (code: number): number => signs[code] as number
  return {
    ...{ digits, newlines, words, options },
    backslashes: countOf(backslash),
    questions: countOf(question),
    dollars: countOf(dollar),
    parentheses: countOf(open) + countOf(close),
  }
}

/** `a) `, `b. ` or `(c) ` at the beginning of a line. */
function isOption(text: string, at: number): boolean {
  const start = text.charCodeAt(at) === open ? at + 1 : at
  const letter = text.charCodeAt(start)
  const mark = text.charCodeAt(start + 1)
  return letter >= 97 && letter <= 106 && (mark === close || mark === 46)
}

function hasCode(text: string): boolean {
  return (
    text.includes('```') ||
    text.includes('def ') ||
    text.includes('function ') ||
    text.includes('class ') ||
    text.includes('select ')
  )
}

import { fnvOf } from './hash-tokens.ts'
import type { TextReading } from './read-text.ts'

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

const newline = 10
const dollar = 36
const open = 40
const close = 41
const zero = 48
const nine = 57
const question = 63
const backslash = 92
/** Below this a single line break would weigh too much. */
const newlinesCountFrom = 250

/** Fills `out` with the raw features of a normalised, lower-case ask of so many characters. */
export function readStructured(
  reading: TextReading,
  chars: number,
  shape: RequestShape,
  out: Float64Array,
): void {
  const { signs } = reading
  const countOf = (code: number): number => signs[code] as number
  const size = Math.max(1, chars)
  out[0] = Math.log(1 + chars)
  out[1] = Math.log(1 + reading.words)
  out[2] = countDigits(signs) / size
  out[3] = countOf(backslash) / size
  out[4] = chars < newlinesCountFrom ? 0 : countOf(newline) / size
  out[5] = Math.min(10, countOf(question))
  out[6] = reading.hasCode ? 1 : 0
  out[7] = countOf(dollar) >= 2 ? 1 : 0
  out[8] = (countOf(open) + countOf(close)) / size
  out[9] = Math.min(12, reading.options)
  out[10] = hasMathsWord(reading) ? 1 : 0
  readShape(shape, out)
}

function countDigits(signs: Uint16Array): number {
  let digits = 0
  for (let code = zero; code <= nine; code++) digits += signs[code] as number
  return digits
}

function hasMathsWord({ hashes, tokens }: TextReading): boolean {
  for (let index = 0; index < tokens; index++) {
    const hash = hashes[index] as number
    if (mayBeMaths[hash & 4_095] === 1 && mathsWords.has(hash >>> 0)) return true
  }
  return false
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

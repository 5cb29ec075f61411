import type { OutcomeMatrix } from '../training/outcome-matrix.ts'
import { MatrixError } from './read-matrix.ts'

const costSuffix = '|total_cost'

/** RouterBench's wide rows (CSV with a header, or JSON lines): `prompt`, `eval_name`, a score a model, `<model>|total_cost`. */
export function importRouterBench(text: string): OutcomeMatrix {
  const records = text.trimStart().startsWith('{') ? readJsonLines(text) : readCsv(text)
  const [first] = records
  if (first === undefined) throw new MatrixError('there are no rows')
  const models = Object.keys(first)
    .filter((name) => name.endsWith(costSuffix))
    .map((name) => name.slice(0, -costSuffix.length))
  if (models.length === 0) throw new MatrixError(`no column ends with ${costSuffix}`)
  return {
    models,
    rows: records.map((record, index) => {
      const prompt = record['prompt']
      if (typeof prompt !== 'string' || prompt === '') throw new MatrixError(`row ${index + 1} has no prompt`)
      const numbers = (suffix: string): (number | null)[] =>
        models.map((model) => readNumber(record[`${model}${suffix}`]))
      return {
        id: String(record['sample_id'] ?? `routerbench/${index}`),
        task: typeof record['eval_name'] === 'string' ? record['eval_name'] : null,
        prompt,
        features: null,
        scores: numbers('').map((score) => (score === null ? null : Math.max(0, Math.min(1, score)))),
        costs: numbers(costSuffix),
        outputTokens: null,
        answers: null,
        weights: null,
      }
    }),
  }
}

type Record_ = Readonly<Record<string, unknown>>

function readJsonLines(text: string): Record_[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index) => {
      try {
        return JSON.parse(line) as Record_
      } catch {
        throw new MatrixError(`line ${index + 1} is not JSON`)
      }
    })
}

function readNumber(value: unknown): number | null {
  if (value === undefined || value === null || value === '') return null
  const number = Number(value)
  return Number.isFinite(number) ? number : null
}

/** Quoted fields may hold commas, doubled quotes and line breaks (RFC 4180). */
function readCsv(text: string): Record_[] {
  const [header, ...lines] = splitCsv(text)
  if (header === undefined) return []
  return lines
    .filter((fields) => fields.length > 1)
    .map((fields) => Object.fromEntries(header.map((name, index) => [name, fields[index] ?? ''])))
}

function splitCsv(text: string): string[][] {
  const lines: string[][] = []
  let fields: string[] = []
  let field = ''
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (quoted) {
      if (character !== '"') field += character
      else if (text.charAt(at + 1) === '"') field += text.charAt(at++)
      else quoted = false
    } else if (character === '"') quoted = true
    else if (character === ',' || character === '\n') {
      fields.push(field)
      field = ''
      if (character === ',') continue
      lines.push(fields)
      fields = []
    } else if (character !== '\r') field += character
  }
  if (field !== '' || fields.length > 0) lines.push([...fields, field])
  return lines
}

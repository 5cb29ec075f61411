import type { OutcomeMatrix } from '../training/outcome-matrix.ts'
import { MatrixError } from './read-matrix.ts'
import { readTable } from './read-table.ts'

const costSuffix = '|total_cost'

/** RouterBench's wide rows (CSV with a header, or JSON lines): `prompt`, `eval_name`, a score a model, `<model>|total_cost`. */
export function importRouterBench(text: string): OutcomeMatrix {
  const records = readTable(text)
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

function readNumber(value: unknown): number | null {
  if (value === undefined || value === null || value === '') return null
  const number = Number(value)
  return Number.isFinite(number) ? number : null
}

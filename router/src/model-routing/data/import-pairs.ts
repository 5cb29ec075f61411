import type { OutcomeMatrix } from '../training/outcome-matrix.ts'
import { estimateCost } from './estimate-cost.ts'
import type { ListPrices } from './import-llmrouter.ts'
import { MatrixError } from './read-matrix.ts'
import { readTable, type TableRow } from './read-table.ts'

/** Columns that are about the row and not about a model. An index has no name. */
const ownColumns = new Set(['', 'id', 'index', 'prompt', 'task', 'eval_name', 'contaminated'])

/**
 * RouteLLM's results of two models: a CSV with `prompt` and a column for each model, `True` or `False`, or a score from 0 to 1.
 * Columns of other text, such as answers, are left out, and so are rows where either model has no score.
 * Errors: `MatrixError` where that does not leave two models.
 */
export function importPairs(text: string, prices: ListPrices): OutcomeMatrix {
  const table = readTable(text).filter(({ contaminated }) => readScore(contaminated) !== 1)
  const [first] = table
  if (first === undefined) throw new MatrixError('there are no rows')
  const models = Object.keys(first).filter((name) => !ownColumns.has(name) && isScored(table, name))
  if (models.length !== 2)
    throw new MatrixError(
      `two columns must hold scores (True, False, or 0 to 1), not ${models.length}: ${models.join(', ')}`,
    )
  const rows = table.flatMap((row, index) => {
    const { prompt, task } = row
    if (typeof prompt !== 'string' || prompt === '') throw new MatrixError(`row ${index + 1} has no prompt`)
    const scores = models.map((model) => readScore(row[model]))
    if (scores.includes(null)) return []
    return [
      {
        id: `pair/${index}`,
        task: typeof task === 'string' && task !== '' ? task : null,
        prompt,
        features: null,
        scores,
        costs: models.map((model) => estimateCost(prompt, model, prices)),
        ...{ outputTokens: null, answers: null, weights: null },
      },
    ]
  })
  return { models, rows }
}

/** Something stands there, and nothing but scores. */
function isScored(table: readonly TableRow[], column: string): boolean {
  const given = table.map((row) => row[column] ?? '').filter((value) => value !== '')
  return given.length > 0 && given.every((value) => readScore(value) !== null)
}

function readScore(value: unknown): number | null {
  const text = String(value ?? '').toLowerCase()
  if (text === 'true' || text === 'false') return text === 'true' ? 1 : 0
  const score = Number(text)
  return text.trim() !== '' && score >= 0 && score <= 1 ? score : null
}

import type { OutcomeMatrix, OutcomeRow } from '../training/outcome-matrix.ts'
import { MatrixError } from './read-matrix.ts'

/** USD for a million tokens, in and out, by model. */
export type ListPrices = Readonly<Record<string, readonly [number, number]>>

interface Cell {
  readonly score: number
  readonly cost: number | null
  readonly outputTokens: number | null
}

/**
 * Rows of LLMRouter's routing data, one for each question and model, as an outcome matrix: grouped by the text of the question,
 * `performance` the score, cost from tokens and prices. Combinations that are missing stay missing. Embeddings are ignored.
 */
export function importLlmRouter(text: string, prices: ListPrices): OutcomeMatrix {
  const models = new Set<string>()
  const questions = new Map<string, { task: string | null; cells: Map<string, Cell> }>()
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return
    const row = parse(line, index + 1)
    const { query, model_name: model, performance, task_name: task } = row
    if (typeof query !== 'string' || typeof model !== 'string' || typeof performance !== 'number')
      throw new MatrixError(`line ${index + 1} lacks query, model_name or performance`)
    models.add(model)
    const question = questions.get(query) ?? {
      task: typeof task === 'string' ? task : null,
      cells: new Map<string, Cell>(),
    }
    questions.set(query, question)
    question.cells.set(model, readCell(row, performance, prices[model]))
  })
  const names = [...models].sort()
  const rows = [...questions].map(([prompt, { task, cells }], index) =>
    toRow(index, prompt, task, names, cells),
  )
  if (rows.length === 0) throw new MatrixError('there are no rows')
  return { models: names, rows }
}

type Line = Readonly<Record<string, unknown>>

function parse(line: string, number: number): Line {
  try {
    return JSON.parse(line) as Line
  } catch {
    throw new MatrixError(`line ${number} is not JSON`)
  }
}

function readCell(row: Line, performance: number, price: readonly [number, number] | undefined): Cell {
  const input = typeof row['input_tokens'] === 'number' ? row['input_tokens'] : 0
  const output =
    typeof row['output_tokens'] === 'number'
      ? row['output_tokens']
      : typeof row['token_num'] === 'number'
        ? row['token_num']
        : null
  const cost = price === undefined || output === null ? null : (input * price[0] + output * price[1]) / 1e6
  return { score: Math.max(0, Math.min(1, performance)), cost, outputTokens: output }
}

function toRow(
  index: number,
  prompt: string,
  task: string | null,
  models: readonly string[],
  cells: ReadonlyMap<string, Cell>,
): OutcomeRow {
  const found = models.map((model) => cells.get(model) ?? null)
  return {
    id: `llmrouter/${index}`,
    task,
    prompt,
    features: null,
    scores: found.map((cell) => cell?.score ?? null),
    costs: found.map((cell) => cell?.cost ?? null),
    outputTokens: found.map((cell) => cell?.outputTokens ?? null),
    answers: null,
    weights: null,
  }
}

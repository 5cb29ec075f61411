import { restoreFeatures, storeFeatures } from '../features/stored-features.ts'
import type { OutcomeMatrix, OutcomeRow } from '../training/outcome-matrix.ts'

/** A line of a file that cannot be used. */
export class MatrixError extends Error {}

/** `<set>.meta.json`: the order of models in every row. */
export interface MatrixMeta {
  readonly models: readonly string[]
}

/**
 * Reads outcome rows, one JSON object a line: `id`, `task`, `prompt`, `s[]`, `c[]`, optional `out_tok[]`, `ag[]`, `ver[]`, `w[]` and
 * `contaminated` (dropped). Without `meta` the models are those of the first line's `models`. Errors: `MatrixError` with the line.
 */
export function readMatrix(text: string, meta: MatrixMeta | null): OutcomeMatrix {
  const lines = text.split('\n')
  const rows: OutcomeRow[] = []
  let models = meta?.models ?? null
  lines.forEach((line, index) => {
    if (line.trim() === '') return
    const where = `line ${index + 1}`
    const value = parseLine(line, where)
    if (models === null) {
      models = readTexts(value['models'], `${where}: without a meta file the first line needs \`models\``)
      if (value['s'] === undefined) return
    }
    if (value['contaminated'] === true) return
    rows.push(readRow(value, models, where))
  })
  if (models === null || rows.length === 0) throw new MatrixError('there are no rows')
  return { models, rows }
}

type Line = Readonly<Record<string, unknown>>

function readRow(value: Line, models: readonly string[], where: string): OutcomeRow {
  const { prompt, task, id } = value
  const features = restoreFeatures(value['features'])
  if (features === null && (typeof prompt !== 'string' || prompt === ''))
    throw new MatrixError(`${where}: \`prompt\` must be text`)
  const scores = readNumbers(value['s'], models.length, `${where}: \`s\``)
  const costs =
    value['c'] === undefined
      ? models.map(() => null)
      : readNumbers(value['c'], models.length, `${where}: \`c\``)
  if (scores.some((score) => score !== null && (score < 0 || score > 1)))
    throw new MatrixError(`${where}: a score is not between 0 and 1`)
  if (costs.some((cost) => cost !== null && cost < 0)) throw new MatrixError(`${where}: a cost is negative`)
  const weights = value['w'] === undefined ? null : readNumbers(value['w'], models.length, `${where}: \`w\``)
  return {
    id: typeof id === 'string' ? id : where,
    task: typeof task === 'string' ? task : null,
    prompt: typeof prompt === 'string' ? prompt : '',
    features,
    scores,
    costs,
    outputTokens:
      value['out_tok'] === undefined
        ? null
        : readNumbers(value['out_tok'], models.length, `${where}: \`out_tok\``),
    ...(value['ver'] !== undefined && {
      verdicts: readNumbers(value['ver'], models.length, `${where}: \`ver\``),
    }),
    answers: Array.isArray(value['ag']) ? (value['ag'] as number[]) : null,
    weights: weights === null ? null : weights.map((weight) => weight ?? 0),
  }
}

function parseLine(line: string, where: string): Line {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Line
  } catch {
    // Told below.
  }
  throw new MatrixError(`${where} is not a JSON object`)
}

function readNumbers(value: unknown, size: number, what: string): (number | null)[] {
  const list: unknown[] = Array.isArray(value) ? value : []
  if (list.length !== size)
    throw new MatrixError(`${what} must have one number for each of the ${size} models`)
  return list.map((item) => {
    if (item === null) return null
    if (typeof item === 'number' && Number.isFinite(item)) return item
    throw new MatrixError(`${what} holds something that is no number`)
  })
}

function readTexts(value: unknown, problem: string): readonly string[] {
  if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string'))
    return value as string[]
  throw new MatrixError(problem)
}

/** The lines `readMatrix` reads back, the models with the first one. */
export function writeMatrix({ models, rows }: OutcomeMatrix): string {
  const lines = rows.map(
    ({ id, task, prompt, features, scores, costs, outputTokens, answers, verdicts, weights }, index) =>
      JSON.stringify({
        ...(index === 0 ? { models } : {}),
        ...{ id, task, s: scores, c: costs },
        ...(features === null ? { prompt } : { features: storeFeatures(features) }),
        ...(outputTokens === null ? {} : { out_tok: outputTokens }),
        ...(answers === null ? {} : { ag: answers }),
        ...(verdicts === undefined ? {} : { ver: verdicts }),
        ...(weights === null ? {} : { w: weights }),
      }),
  )
  return `${lines.join('\n')}\n`
}

/** Several sets of the same models as one. Errors: `MatrixError` when their models differ. */
export function joinMatrices(matrices: readonly OutcomeMatrix[]): OutcomeMatrix {
  const [first] = matrices
  if (first === undefined) throw new MatrixError('there are no sets')
  for (const { models } of matrices)
    if (models.join('\n') !== first.models.join('\n'))
      throw new MatrixError('the sets are about different models; train on one of them')
  return { models: first.models, rows: matrices.flatMap(({ rows }) => rows) }
}

import type { OutcomeMatrix } from '../training/outcome-matrix.ts'
import { estimateCost } from './estimate-cost.ts'
import type { ListPrices } from './import-llmrouter.ts'
import { MatrixError } from './read-matrix.ts'
import { readTable, type TableRow } from './read-table.ts'

interface Battle {
  readonly prompt: string
  readonly task: string | null
  /** Of the two models that fought. */
  readonly scores: ReadonlyMap<string, number>
}

/**
 * Battles of an arena, each of two models over one prompt: `model_a`, `model_b`, `winner` (`model_a`, `model_b`, the name of
 * one, `tie` or `tie (bothbad)`) and `prompt`. Who wins has a score of 1 and who loses of 0, a tie is a half for both, and
 * nothing for both where both were bad; models that did not fight have no score. Errors: `MatrixError` with the row.
 */
export function importBattles(text: string, prices: ListPrices): OutcomeMatrix {
  const battles = readTable(text).map(readBattle)
  if (battles.length === 0) throw new MatrixError('there are no rows')
  const models = [...new Set(battles.flatMap(({ scores }) => [...scores.keys()]))].sort()
  return {
    models,
    rows: battles.map(({ prompt, task, scores }, index) => ({
      id: `battle/${index}`,
      task,
      prompt,
      features: null,
      scores: models.map((model) => scores.get(model) ?? null),
      costs: models.map((model) => (scores.has(model) ? estimateCost(prompt, model, prices) : null)),
      ...{ outputTokens: null, answers: null, weights: null },
    })),
  }
}

function readBattle(row: TableRow, index: number): Battle {
  const where = `row ${index + 1}`
  const { model_a: one, model_b: other, winner, prompt, task } = row
  const isName = (value: unknown): value is string => typeof value === 'string' && value !== ''
  if (!isName(one) || !isName(other) || !isName(winner) || !isName(prompt))
    throw new MatrixError(`${where} lacks model_a, model_b, winner or prompt`)
  if (one === other) throw new MatrixError(`${where}: ${one} fights itself`)
  const won = readWinner(winner, one, other)
  if (won === null)
    throw new MatrixError(
      `${where}: the winner is model_a, model_b, ${one}, ${other}, tie or tie (bothbad), not ${winner}`,
    )
  return {
    prompt,
    task: isName(task) ? task : null,
    scores: new Map([
      [one, won[0]],
      [other, won[1]],
    ]),
  }
}

function readWinner(winner: string, one: string, other: string): readonly [number, number] | null {
  if (winner === 'model_a' || winner === one) return [1, 0]
  if (winner === 'model_b' || winner === other) return [0, 1]
  if (winner === 'tie') return [0.5, 0.5]
  return /^(tie \(bothbad\)|tie_bothbad|both_?bad)$/.test(winner) ? [0, 0] : null
}

import type { ExperimentRecord } from '../../model-routing/experiments/experiment.ts'
import type { ExperimentStore } from '../../model-routing/experiments/experiment-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { joinBestScore } from './best-score.ts'
import { type ChoiceRow, fromRow } from './choice-row.ts'

/** Experiments over SQL. */
export function createSqlExperimentStore({ pool }: Pick<Database, 'pool'>): ExperimentStore {
  return {
    async createExperiment(experiment) {
      const { rowCount } = await guardQuery(
        pool.query(
          `INSERT INTO routing_experiments (id, state, document, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING`,
          [experiment.id, experiment.state, JSON.stringify(experiment), new Date(experiment.createdAt)],
        ),
      )
      return rowCount === 1
    },
    async findExperiment(id) {
      const { rows } = await guardQuery(
        pool.query<{ document: ExperimentRecord }>('SELECT document FROM routing_experiments WHERE id = $1', [
          id,
        ]),
      )
      return rows[0]?.document ?? null
    },
    async listExperiments() {
      const { rows } = await guardQuery(
        pool.query<{ document: ExperimentRecord }>(
          'SELECT document FROM routing_experiments ORDER BY created_at DESC LIMIT 1000',
        ),
      )
      return rows.map(({ document }) => document)
    },
    async updateExperiment(from, experiment) {
      const { rowCount } = await guardQuery(
        pool.query(
          `UPDATE routing_experiments SET state = $3, document = $4, updated_at = now() WHERE id = $1 AND state = $2`,
          [experiment.id, from, experiment.state, JSON.stringify(experiment)],
        ),
      )
      return rowCount === 1
    },
    async countExposures(id) {
      const { rows } = await guardQuery(
        pool.query<{ variant: string; units: string | number }>(
          'SELECT variant, count(*) AS units FROM routing_exposures WHERE experiment_id = $1 GROUP BY variant',
          [id],
        ),
      )
      return rows.map(({ variant, units }) => ({ variant, units: Number(units) }))
    },
    async listExperimentChoices(id, limit) {
      const text = `
        SELECT c.*, best.score FROM model_choices c
        JOIN routing_exposures e ON e.experiment_id = c.experiment_id AND e.unit = c.unit ${joinBestScore}
        WHERE c.experiment_id = $1 AND c.created_at >= e.created_at ORDER BY c.created_at DESC LIMIT $2`
      const { rows } = await guardQuery(pool.query<ChoiceRow & { score: number | null }>(text, [id, limit]))
      return rows.map((row) => ({ ...fromRow(row), score: row.score }))
    },
  }
}

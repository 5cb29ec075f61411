import type { BenchmarkRun, BenchmarkStore } from '../../skills/benchmarks/benchmark-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import type { RegistryStoreOptions } from './sql-registry-store.ts'

type RunRow = Omit<BenchmarkRun, 'createdAt'> & { readonly createdAt: Date }

/** The store of benchmark runs over SQL. */
export function createSqlBenchmarkStore(
  database: Database,
  { now, newId }: Pick<RegistryStoreOptions, 'now' | 'newId'>,
): BenchmarkStore {
  const query = async (text: string, values: unknown[]): Promise<BenchmarkRun | null> => {
    const { rows } = await guardQuery(database.pool.query<RunRow>(text, values))
    const [row] = rows
    return row === undefined ? null : { ...row, createdAt: row.createdAt.getTime() }
  }
  return {
    async add(workspaceId, run) {
      const { skillId, versionId, versionNumber, isVerified, model, runs, triggeredBy, report, suite } = run
      const added = await query(addStatement, [
        ...[newId(), workspaceId, skillId, versionId, versionNumber, isVerified, model, runs, triggeredBy],
        ...[JSON.stringify(report), suite, new Date(now())],
      ])
      if (added === null) throw new Error('The database returned no row for a run')
      return added
    },
    findLatest: (skillId) => query(latestStatement, [skillId]),
  }
}

const columns = `id, skill_id AS "skillId", version_id AS "versionId", version_number AS "versionNumber",
  is_verified AS "isVerified", model, runs, triggered_by AS "triggeredBy", report, suite, created_at AS "createdAt"`

const addStatement = `
  INSERT INTO benchmark_runs (id, workspace_id, skill_id, version_id, version_number, is_verified, model, runs,
    triggered_by, report, suite, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING ${columns}`

const latestStatement = `
  SELECT ${columns} FROM benchmark_runs WHERE skill_id = $1 ORDER BY is_verified DESC, created_at DESC LIMIT 1`

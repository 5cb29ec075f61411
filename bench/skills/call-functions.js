import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { spreadOf } from '../measure/statistics.js'
import { formatTable } from '../report/format-table.js'
import { startRouteiq } from '../subjects/routeiq.js'

const MODULES = new URL('modules/', import.meta.url).pathname
const GOALS = { warm: 5, python: 500, node: 300 }
/** Long enough for the next process to stand ready. */
const PAUSE_MS = 1000

/** What every call pays at least: a process of the language that stands ready gets a line and gives it back. */
const ECHOES = {
  python: ['python3', ['-I', '-c', 'import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())']],
  node: [process.execPath, ['-e', 'const fs = require("fs"); fs.writeSync(1, fs.readFileSync(0))']],
}

/** Milliseconds of a bare exchange with a process that has stood ready for a while. */
async function echo(runtime) {
  const [command, argv] = ECHOES[runtime]
  const child = spawn(command, argv, { stdio: ['pipe', 'pipe', 'inherit'] })
  await sleep(PAUSE_MS)
  const startMs = performance.now()
  child.stdin.end(JSON.stringify({ text: 'a' }))
  await once(child.stdout, 'data')
  const took = performance.now() - startMs
  await once(child, 'close')
  return took
}

/**
 * Milliseconds of a call that does nothing: warm with a process standing ready, cold with none (the second of two calls
 * at once finds the ready one taken).
 */
export async function measureFunctions({ calls }) {
  process.env.ROUTEIQ_SKILL_MODULES = `speed.python=${MODULES}speed.py,speed.node=${MODULES}speed.mjs`
  const routeiq = await startRouteiq({ name: 'functions', deployments: [] })
  const headers = { ...routeiq.headers, 'content-type': 'application/json' }
  const call = async (runtime) => {
    const body = JSON.stringify({ skill_name: `speed.${runtime}.echo`, parameters: { text: 'a' } })
    const startMs = performance.now()
    const answer = await fetch(`http://127.0.0.1:${routeiq.port}/v1/skills`, {
      method: 'POST',
      headers,
      body,
    })
    const { result } = await answer.json()
    if (result !== 'a') throw new Error(`${runtime}: ${answer.status}`)
    return performance.now() - startMs
  }
  const rows = []
  for (const runtime of ['python', 'node']) {
    const first = await call(runtime)
    const warm = []
    const bare = []
    const cold = []
    for (let n = 0; n < calls; n += 1) {
      bare.push(await echo(runtime))
      await sleep(PAUSE_MS)
      warm.push(await call(runtime))
      await sleep(PAUSE_MS)
      cold.push(Math.max(...(await Promise.all([call(runtime), call(runtime)]))))
    }
    const [warmMs, coldMs] = [spreadOf(warm).median, spreadOf(cold).median]
    const overheadMs = warmMs - spreadOf(bare).median
    rows.push([
      ...[runtime, first.toFixed(0)],
      ...[spreadOf(bare).median.toFixed(1), warmMs.toFixed(1)],
      ...[overheadMs.toFixed(1), overheadMs <= GOALS.warm ? 'met' : 'MISSED'],
      ...[coldMs.toFixed(0), coldMs <= GOALS[runtime] ? 'met' : 'MISSED'],
    ])
  }
  const goals = [`goal ≤ ${GOALS.warm}`, `goal ≤ ${GOALS.node} (Node), ${GOALS.python} (Python)`]
  console.log(
    formatTable([
      [
        'runtime',
        'very first ms',
        'bare echo ms',
        'warm p50 ms',
        'overhead ms',
        goals[0],
        'cold p50 ms',
        goals[1],
      ],
      ...rows,
    ]),
  )
}

import { setTimeout as sleep } from 'node:timers/promises'
import { readJson, startHarness } from './measure/harness.js'
import { stopProcess } from './measure/process.js'
import { readCpuSeconds } from './measure/process-tree.js'
import { runProgram } from './measure/run-program.js'
import { spreadOf } from './measure/statistics.js'
import { formatSpread } from './report/format-number.js'
import { MODELS } from './subjects/requests.js'
import { formatDeployment, launchRouteiq } from './subjects/routeiq.js'

const GOAL_SECONDS = 1.5
const STARTS = 5
const DEADLINE_SECONDS = 30

async function isReady(port) {
  try {
    await readJson(port, 'GET', '/_health/ready', {})
    return true
  } catch {
    return false
  }
}

/** One start, from the spawn to the first 200 of `/_health/ready`, and a graceful stop. */
async function measureStart(options) {
  const startMs = performance.now()
  const launched = await launchRouteiq(options)
  while (!(await isReady(launched.port))) {
    const waited = (performance.now() - startMs) / 1000
    if (launched.child.exitCode !== null || waited > DEADLINE_SECONDS) {
      throw new Error(`not ready after ${waited.toFixed(1)} s; see ${launched.logFile}`)
    }
    await sleep(5)
  }
  const seconds = (performance.now() - startMs) / 1000
  const cpuSeconds = readCpuSeconds(launched.pid)
  await stopProcess(launched)
  return { seconds, cpuSeconds }
}

await runProgram(async () => {
  const { mockPort } = await startHarness()
  const deployments = MODELS.map((model) => formatDeployment(model, mockPort))
  const options = { name: 'startup', deployments }
  const first = await measureStart(options)
  const starts = []
  for (let start = 0; start < STARTS; start += 1)
    starts.push(await measureStart({ ...options, keepData: true }))
  const ready = spreadOf(starts.map(({ seconds }) => seconds))
  console.log(`\nnew data directory: ready after ${first.seconds.toFixed(2)} s`)
  console.log(
    `existing data directory, ${STARTS} starts: CPU s ${formatSpread(spreadOf(starts.map((s) => s.cpuSeconds)))}`,
  )
  const verdict = ready.median <= GOAL_SECONDS ? 'goal met' : 'MISSED'
  console.log(`ready after s ${formatSpread(ready)}, goal ≤ ${GOAL_SECONDS}: ${verdict}`)
})

import { setTimeout as sleep } from 'node:timers/promises'
import { startHarness } from './measure/harness.js'
import { readMemory } from './measure/process-tree.js'
import { runProgram } from './measure/run-program.js'
import { expectNoLeak } from './measure/sockets.js'
import { slopeOf, spreadOf } from './measure/statistics.js'
import { formatNumber } from './report/format-number.js'
import { formatTable } from './report/format-table.js'
import { SMALL, STREAM } from './subjects/requests.js'
import { routeiq } from './subjects/routeiq.js'
import { verifySubject } from './subjects/verify.js'

const IDLE_GOAL_MB = 120
const BATCHES = 20
const REQUESTS_A_BATCH = 10_000
const ABORTS_A_BATCH = 200
const ABORT_BATCHES = 10

/** Growth of the later half of the batches, in share of its median, from which memory is said to grow. */
const GROWTH_LIMIT = 0.05

/** Runs batches and reads memory after each; `x` counts what was done before the reading. */
async function measureBatches(subject, harness, batches, size, job) {
  const points = []
  for (let batch = 1; batch <= batches; batch += 1) {
    await harness.runLoad({ ...job, port: subject.port, headers: subject.headers })
    await expectNoLeak(subject.port, harness.readMockState)
    const { rssMb, pssMb } = readMemory(subject.pid)
    points.push({ x: batch * size, y: rssMb, pssMb })
  }
  return points
}

/**
 * The slope of the later half: the first half warms caches, compiled code and the heap's own size.
 * @param {{ x: number, y: number }[]} points
 */
function judgeGrowth(points) {
  const later = points.slice(points.length >> 1)
  const slope = slopeOf(later)
  const grown = slope * (later[later.length - 1].x - later[0].x)
  return { slope, grown, grows: grown > GROWTH_LIMIT * spreadOf(later.map(({ y }) => y)).median }
}

function formatPhase(title, points, unit) {
  const { slope, grown, grows } = judgeGrowth(points)
  const rows = points.map(({ x, y, pssMb }) => [String(x), formatNumber(y), formatNumber(pssMb)])
  const verdict = grows ? 'GROWS' : 'no growth'
  return `\n${title}\n${formatTable([['after', 'RSS MB', 'PSS MB'], ...rows])}
later half: slope ${formatNumber(slope * unit)} MB per ${unit}, ${formatNumber(grown)} MB in all: ${verdict}`
}

await runProgram(async () => {
  const harness = await startHarness()
  const subject = await routeiq.start(harness)
  await verifySubject(subject, harness.runLoad)
  await sleep(3000)
  const idle = readMemory(subject.pid)
  const requests = await measureBatches(subject, harness, BATCHES, REQUESTS_A_BATCH, {
    mode: 'closed',
    connections: 64,
    requests: REQUESTS_A_BATCH,
    shapes: [SMALL],
  })
  const before = (await harness.readMockState()).aborted
  const aborts = await measureBatches(subject, harness, ABORT_BATCHES, ABORTS_A_BATCH, {
    mode: 'aborted-streams',
    streams: 50,
    total: ABORTS_A_BATCH,
    leaveAfter: 5,
    shape: STREAM,
  })
  const cut = (await harness.readMockState()).aborted - before
  console.log(formatPhase(`${BATCHES * REQUESTS_A_BATCH} requests`, requests, 100_000))
  console.log(formatPhase(`${ABORT_BATCHES * ABORTS_A_BATCH} aborted streams`, aborts, 1000))
  console.log(`of these the upstream saw ${cut} calls cut short`)
  console.log(`\nRouteIQ ${subject.version}`)
  console.log(`idle: RSS ${formatNumber(idle.rssMb)} MB, PSS ${formatNumber(idle.pssMb)} MB`)
  console.log(`goal without the embedded database (set DATABASE_URL): RSS ≤ ${IDLE_GOAL_MB} MB`)
  const grows = [requests, aborts].some((points) => judgeGrowth(points).grows)
  if (grows || cut < ABORT_BATCHES * ABORTS_A_BATCH)
    throw new Error('memory grows, or an upstream call outlived its client')
})

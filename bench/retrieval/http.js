import { readJson, startHarness } from '../measure/harness.js'
import { stopProcess } from '../measure/process.js'
import { readMemory, readThreadMs } from '../measure/process-tree.js'
import { runProgram } from '../measure/run-program.js'
import { formatTable } from '../report/format-table.js'
import { generateCatalogue } from './http/generated-catalogue.js'
import { measureLoad } from './http/measure-load.js'
import { startWithSkills } from './http/start-with-skills.js'

/** Usage: `node retrieval/http.js [skills…]`, 10 000 and 100 000 unless told. */
const sizes = process.argv.slice(2).map(Number)
const SECONDS = 5
const CALLERS = 50

/** Percentiles of closed-loop calls of one connection, and of 50 callers; a request rate for the latter. */
async function measureCalls(harness, subject, shapes, extra = {}) {
  const job = {
    port: subject.port,
    headers: { ...subject.headers, ...extra.headers },
    shapes,
    seconds: SECONDS,
  }
  const run = (members) => harness.runLoad({ ...job, status: extra.status ?? 200, ...members })
  await run({ mode: 'closed', connections: 8, seconds: 2 })
  const alone = await run({ mode: 'closed', connections: 1 })
  const paced = await run({ mode: 'open', connections: CALLERS, rate: 500 })
  const before = readThreadMs(subject.pid)
  const full = await run({ mode: 'closed', connections: CALLERS })
  const after = readThreadMs(subject.pid)
  const cpu = {
    main: (after.main - before.main) / full.requests,
    all: (after.all - before.all) / full.requests,
  }
  return { alone, paced, full, cpu }
}

const ms = (value) => value.toFixed(2)
const rowOf = (what, { alone, paced, full, cpu }, baseline) => [
  what,
  `${ms(alone.latency.p50)} / ${ms(alone.latency.p99)}`,
  `${ms(paced.latency.p50)} / ${ms(paced.latency.p99)}`,
  `${Math.round(full.perSecond)}`,
  `${ms(cpu.main)} / ${ms(cpu.all)}`,
  `${(baseline.full.perSecond / full.perSecond).toFixed(2)}`,
]

async function measureSize(harness, count) {
  const catalogue = generateCatalogue(count)
  const subject = await startWithSkills({ name: `skills-${count}`, deployments: [] }, catalogue.skills)
  const health = () => readJson(subject.port, 'GET', '/api/v1/router/health', subject.headers)
  const before = readMemory(subject.pid)
  const load = await measureLoad(subject, catalogue.requests, count, health)
  const after = readMemory(subject.pid)
  const route = catalogue.requests.map((query) => ({ path: '/api/v1/skills/route', body: { query } }))
  const menu = [{ method: 'GET', path: '/api/v1/skills/menu?max_menu_size=20' }]
  const etag = await readEtag(subject, menu[0].path)
  const live = await measureCalls(harness, subject, [{ method: 'GET', path: '/_health/live' }])
  const rows = [
    [
      '',
      'alone p50 / p99 ms',
      `500/s by ${CALLERS} callers p50 / p99 ms`,
      'requests/s at full load',
      'CPU ms a request: answering thread / all',
      '× live',
    ],
    rowOf('GET /_health/live', live, live),
    rowOf('POST /skills/route', await measureCalls(harness, subject, route), live),
    rowOf('GET /skills/menu, 20 rows', await measureCalls(harness, subject, menu), live),
    rowOf(
      'GET /skills/menu, unchanged',
      await measureCalls(harness, subject, menu, { status: 304, headers: { 'if-none-match': etag } }),
      live,
    ),
  ]
  const { degraded } = await health()
  console.log(`\n## ${count} skills\n\n${formatTable(rows)}\n`)
  console.log(
    `loaded in ${load.seconds.toFixed(1)} s beside ${load.answers} answered calls, the slowest in ${ms(load.slowest)} ms; ` +
      `memory ${before.pssMb.toFixed(0)} → ${after.pssMb.toFixed(0)} MB; degraded: ${JSON.stringify(degraded)}`,
  )
  await stopProcess(subject)
}

async function readEtag(subject, path) {
  const answer = await fetch(`http://127.0.0.1:${subject.port}${path}`, { headers: subject.headers })
  await answer.arrayBuffer()
  return answer.headers.get('etag')
}

await runProgram(async () => {
  const harness = await startHarness()
  for (const count of sizes.length === 0 ? [10_000, 100_000] : sizes) await measureSize(harness, count)
})

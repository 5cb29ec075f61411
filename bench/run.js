import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { startHarness } from './measure/harness.js'
import { Unavailable } from './measure/process.js'
import { runProgram } from './measure/run-program.js'
import { judgeMetric } from './metrics/judge-metric.js'
import { measureScenario } from './metrics/measure-scenario.js'
import { METRICS } from './metrics/metrics.js'
import { SCENARIOS } from './metrics/scenarios.js'
import { formatMachine } from './report/describe-machine.js'
import { formatScenario, formatVerdicts } from './report/format-report.js'
import { bare } from './subjects/bare.js'
import { direct } from './subjects/direct.js'
import { fastapi } from './subjects/fastapi.js'
import { nginx } from './subjects/nginx.js'
import { portkey } from './subjects/portkey.js'
import { routeiq } from './subjects/routeiq.js'
import { verifySubject } from './subjects/verify.js'

const PEERS = [direct, nginx, bare, fastapi, portkey]
const PRODUCTS = { routeiq, bare: { ...bare, name: 'bare as the product' } }

const USAGE = `node run.js [--only P1,P2] [--seconds 3] [--rounds 3] [--json out.json] [--skip-peer portkey] [--product routeiq|bare]
--product bare measures the bare pass-through in the product's place: the noise of the method (P11 must be 1)`

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      seconds: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '3' },
      json: { type: 'string' },
      'skip-peer': { type: 'string', multiple: true, default: [] },
      product: { type: 'string', default: 'routeiq' },
      help: { type: 'boolean', default: false },
    },
  })
  const only = values.only?.split(',') ?? METRICS.map(({ id }) => id)
  const skipped = values['skip-peer'].flatMap((names) => names.split(','))
  const wrong = [
    ...only.filter((id) => !METRICS.some((metric) => metric.id === id)).map((id) => `unknown metric ${id}`),
    ...skipped
      .filter((name) => !PEERS.some((peer) => peer.name === name))
      .map((name) => `unknown peer ${name}`),
    ...(values.product in PRODUCTS ? [] : [`unknown product ${values.product}`]),
    ...['seconds', 'rounds'].filter((name) => !(Number(values[name]) > 0)).map((name) => `bad --${name}`),
  ]
  if (values.help || wrong.length > 0) {
    console.error([...wrong, USAGE].join('\n'))
    process.exit(wrong.length > 0 ? 2 : 0)
  }
  const metrics = METRICS.filter(({ id }) => only.includes(id))
  return { ...values, seconds: Number(values.seconds), rounds: Number(values.rounds), metrics, skipped }
}

/** Starts one subject and checks its answers; a missing one is told and left out, a wrong one fails the run. */
async function startSubject(subject, name, harness, started) {
  try {
    const running = await subject.start(harness)
    await verifySubject(running, harness.runLoad)
    started.set(name, running)
    console.log(`${subject.name} ${running.version}: running, answers verified`)
  } catch (error) {
    if (!(error instanceof Unavailable)) throw new Error(`${subject.name}: ${error.message}`)
    console.log(`${subject.name}: SKIPPED, ${error.message}`)
  }
}

async function startSubjects(options, harness) {
  const started = new Map()
  await startSubject(PRODUCTS[options.product], 'product', harness, started)
  if (!started.has('product')) throw new Error('there is nothing to measure without the product')
  const needed = new Set(options.metrics.flatMap(({ peers }) => peers))
  for (const peer of PEERS) {
    if (!needed.has(peer.name)) continue
    if (options.skipped.includes(peer.name)) console.log(`${peer.name}: SKIPPED as asked`)
    else await startSubject(peer, peer.name, harness, started)
  }
  return started
}

async function measureAll(options, harness, started) {
  const results = {}
  for (const scenario of SCENARIOS) {
    const metrics = options.metrics.filter((metric) => metric.scenario === scenario.id)
    if (metrics.length === 0) continue
    const names = new Set(['product', ...metrics.flatMap(({ peers }) => peers)])
    const subjects = new Map([...started].filter(([name]) => names.has(name)))
    const report = (line) => console.log(line)
    results[scenario.id] = await measureScenario({ ...options, scenario, subjects, harness, report })
  }
  return results
}

const options = readOptions()
await runProgram(async (machine) => {
  const harness = await startHarness()
  const started = await startSubjects(options, harness)
  const results = await measureAll(options, harness, started)
  const verdicts = options.metrics.map((metric) => judgeMetric(metric, results[metric.scenario]))
  for (const { id, title } of SCENARIOS) {
    if (results[id] !== undefined) console.log(formatScenario(title, results[id]))
  }
  console.log(`\n${formatMachine(machine)}`)
  console.log(formatVerdicts(verdicts))
  if (options.json === undefined) return
  const versions = Object.fromEntries([...started].map(([name, { version }]) => [name, version]))
  writeFileSync(options.json, `${JSON.stringify({ machine, versions, results, verdicts }, null, 2)}\n`)
})

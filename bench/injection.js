import { Agent, request as openRequest } from 'node:http'
import { parseArgs } from 'node:util'
import { startHarness } from './measure/harness.js'
import { readCpuSeconds } from './measure/process-tree.js'
import { runProgram } from './measure/run-program.js'
import { spreadOf } from './measure/statistics.js'
import { formatTable } from './report/format-table.js'
import { generateCatalogue } from './retrieval/http/generated-catalogue.js'
import { startWithSkills } from './retrieval/http/start-with-skills.js'
import { readLines } from './retrieval/sets.js'
import { formatDeployment } from './subjects/routeiq.js'

/** Usage: `node injection.js [--skills N] [--rounds N] [--data DIR]`. */
const { values: options } = parseArgs({
  options: {
    skills: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '3' },
    data: { type: 'string' },
  },
})
const GOAL_MS = 2
const WARM_UP = 100
const COUNT = 300
const STAGE = 'x-litellm-timing-route-skills-ms'

/** Names and descriptions of the registry with requests of metatool, or a made-up language. */
function createCatalogue(count) {
  const generated = generateCatalogue(count)
  if (options.data === undefined) return generated
  const registry = readLines(options.data, 'registry.skills').slice(0, count)
  const skills = registry.map(({ name, description }, at) => ({
    ...generated.skills[at],
    name: `${name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .slice(0, 50)
      .replaceAll(/^-|-$/g, '')}-${at}`,
    description: description.slice(0, 1_000),
  }))
  const requests = readLines(options.data, 'metatool.queries').map(({ text }) => text)
  return { skills, requests: requests.slice(0, 200) }
}

/** One request after the other over one connection. */
function createCaller(subject) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return (query, wish) =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify({ model: 'bench-0', messages: [{ role: 'user', content: query }] })
      const startMs = performance.now()
      const call = openRequest(
        {
          agent,
          host: '127.0.0.1',
          port: subject.port,
          method: 'POST',
          path: '/v1/chat/completions',
          headers: {
            ...subject.headers,
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
            'x-routeiq-skills': wish,
          },
        },
        (answer) => {
          answer.resume()
          answer.on('end', () => {
            if (answer.statusCode !== 200) reject(new Error(`status ${answer.statusCode}`))
            else resolve({ ms: performance.now() - startMs, headers: answer.headers })
          })
        },
      )
      call.on('error', reject)
      call.end(body)
    })
}

const median = (values) => spreadOf(values).median
const percentile = (values, share) => [...values].sort((a, b) => a - b)[Math.floor(values.length * share)]

/** Turn about, so that what the machine does meanwhile happens to both. */
async function measureRound(send, requests) {
  const plain = []
  const skilled = []
  const stages = []
  const ids = []
  for (let at = 0; at < COUNT; at += 1) {
    const query = `${requests[at % requests.length]} ${at}`
    plain.push((await send(query, 'off')).ms)
    const { ms, headers } = await send(query, 'auto')
    if (headers['x-routeiq-skills-mode'] !== 'auto' || headers['x-routeiq-skills-upstream-calls'] !== '1')
      throw new Error(`an answer was not made with skills: ${JSON.stringify(headers)}`)
    skilled.push(ms)
    stages.push(Number(headers[STAGE]))
    ids.push(headers['x-routeiq-routing-id'])
  }
  return { plain, skilled, stages, ids }
}

/** CPU milliseconds of the gateway a request, which hardly depend on what else the machine does. */
async function measureCpu(subject, send, requests, wish) {
  const before = readCpuSeconds(subject.pid)
  for (let at = 0; at < COUNT; at += 1) await send(`${requests[at % requests.length]} once more ${at}`, wish)
  return ((readCpuSeconds(subject.pid) - before) * 1_000) / COUNT
}

/** What the Skill Router itself noted of its decisions. */
async function readTimings(subject, ids) {
  const all = []
  for (const id of ids) {
    const url = `http://127.0.0.1:${subject.port}/api/v1/skills/routing/${id}`
    const answer = await fetch(url, { headers: subject.headers })
    const { timings } = await answer.json()
    if (timings !== undefined) all.push(timings)
  }
  if (all.length === 0) throw new Error('no decision was kept')
  return {
    router: median(all.map((timings) => Object.values(timings).reduce((sum, ms) => sum + ms, 0))),
    retrieval: median(all.map(({ retrieve = 0 }) => retrieve)),
  }
}

await runProgram(async () => {
  const harness = await startHarness()
  const count = Number(options.skills)
  const catalogue = createCatalogue(count)
  const deployments = [formatDeployment('bench-0', harness.mockPort)]
  const start = {
    name: 'injection',
    deployments,
    env: { LITELLM_DETAILED_TIMING: 'true', ROUTEIQ_SKILLS__INJECTION__ROUTE_TIMEOUT_MS: '1000' },
  }
  const subject = await startWithSkills(start, catalogue.skills)
  const send = createCaller(subject)
  for (let waited = 0; ; waited += 1) {
    const { headers } = await send('warm up', 'auto')
    if (headers['x-routeiq-skills-mode'] === 'auto') break
    if (waited > 600) throw new Error(`the catalogue was not loaded: ${JSON.stringify(headers)}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  for (let at = 0; at < WARM_UP; at += 1)
    await send(catalogue.requests[at % catalogue.requests.length], 'auto')
  const rows = [
    [
      'round',
      'without p50 ms',
      'with p50 / p99 ms',
      'added p50 ms',
      'stage p50 / p99 ms',
      'Skill Router p50 ms',
      'of it retrieval',
      'CPU ms a request without / with',
    ],
  ]
  const rests = []
  const stages = []
  for (let round = 1; round <= Number(options.rounds); round += 1) {
    const measured = await measureRound(send, catalogue.requests)
    const timings = await readTimings(subject, measured.ids)
    const cpu = { off: await measureCpu(subject, send, catalogue.requests, 'off') }
    cpu.auto = await measureCpu(subject, send, catalogue.requests, 'auto')
    const stage = median(measured.stages)
    stages.push(stage)
    rests.push(median(measured.skilled) - median(measured.plain) - timings.router)
    const ms = (value) => value.toFixed(2)
    rows.push([
      String(round),
      ms(median(measured.plain)),
      `${ms(median(measured.skilled))} / ${ms(percentile(measured.skilled, 0.99))}`,
      ms(median(measured.skilled) - median(measured.plain)),
      `${ms(stage)} / ${ms(percentile(measured.stages, 0.99))}`,
      ms(timings.router),
      ms(timings.retrieval),
      `${ms(cpu.off)} / ${ms(cpu.auto)}`,
    ])
  }
  console.log(`\n${formatTable(rows)}\n`)
  console.log(
    `stage route-skills at ${count} skills: ${median(stages).toFixed(2)} ms p50 (goal ≤ ${GOAL_MS})`,
  )
  console.log(`injection without the Skill Router, both directions: ${median(rests).toFixed(2)} ms p50`)
})

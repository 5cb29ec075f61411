import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { WORK_FOLDER } from './measure/process.js'
import { runProgram } from './measure/run-program.js'
import { startRouteiq } from './subjects/routeiq.js'

const GOAL_TRACES_PER_SECOND = 3_000
const BATCH = 250
const BATCHES = 100
const IN_FLIGHT = 4
const require = createRequire(new URL('../gateway/package.json', import.meta.url))
const { Client } = require('pg')

/** A run of an agent as its SDK reports it: two steps, two model calls, a loaded skill and a score. About 1.6 KB. */
function createTrace(n) {
  const ended = Date.now() - (n % 1_000)
  const at = (milliseconds) => new Date(ended - milliseconds).toISOString()
  const span = (name, type) => ({
    id: randomUUID(),
    name,
    span_type: type,
    started_at: at(900),
    ended_at: at(100),
    input_preview: 'Merge the three quarterly reports and number the pages.',
    attributes: { attempt: 1 },
  })
  const call = (tokens) => ({
    id: randomUUID(),
    provider: 'openai',
    model_name: 'gpt-4o-2024-08-06',
    input_tokens: 900,
    output_tokens: tokens,
    latency_ms: 400,
    cost_usd: 0.004,
    tool_calls: [{ tool_name: 'load_skill', args: { name: `skill-${n % 40}` } }],
  })
  return {
    id: randomUUID(),
    agent_name: `agent-${n % 8}`,
    routing_id: `rt_${n.toString(16).padStart(24, '0')}`,
    started_at: at(1_000),
    ended_at: at(0),
    user_input_preview: 'Merge the three quarterly reports and number the pages.',
    final_output_preview: 'The merged report has 42 pages.',
    spans: [span('plan', 'llm'), span('merge', 'tool')],
    llm_calls: [call(120), call(80)],
    skills_loaded_by_agent: [`skill-${n % 40}`],
    skills_delivered_versions: [{ name: `skill-${n % 40}`, hash: 'a'.repeat(64) }],
    eval_scores: [{ name: 'correct', score: n % 5 === 0 ? 0 : 1 }],
  }
}

/** Runs `send` over all bodies, so many at a time, and answers how many traces a second went through. */
async function measureRate(bodies, send) {
  let next = 0
  const startMs = performance.now()
  const work = async () => {
    while (next < bodies.length) {
      const body = bodies[next]
      next += 1
      await send(body)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, work))
  return (bodies.length * BATCH) / ((performance.now() - startMs) / 1000)
}

/** The same bytes, a row a trace, into a table with a primary key alone: what the database could do at best. */
async function measureBaseline(bodies) {
  const clients = await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      const client = new Client({ connectionString: process.env['DATABASE_URL'] })
      await client.connect()
      return client
    }),
  )
  const [first] = clients
  await first.query('CREATE TABLE IF NOT EXISTS bench_plain (id uuid PRIMARY KEY, document json)')
  await first.query('TRUNCATE bench_plain')
  const idle = [...clients]
  const rate = await measureRate(bodies, async (body) => {
    const client = idle.pop()
    await client.query(
      `INSERT INTO bench_plain SELECT (value->>'id')::uuid, value FROM json_array_elements($1::json)`,
      [body],
    )
    idle.push(client)
  })
  await first.query('DROP TABLE bench_plain')
  await Promise.all(clients.map((client) => client.end()))
  return rate
}

await runProgram(async () => {
  if (process.env['DATABASE_URL'] === undefined)
    throw new Error('set DATABASE_URL to an empty PostgreSQL database')
  mkdirSync(WORK_FOLDER, { recursive: true })
  const createBodies = () =>
    Array.from({ length: BATCHES }, (_, batch) =>
      JSON.stringify(Array.from({ length: BATCH }, (__, n) => createTrace(batch * BATCH + n))),
    )
  const routeiq = await startRouteiq({ name: 'evidence', deployments: [] })
  const url = `http://127.0.0.1:${routeiq.port}/api/v1/traces`
  const headers = { ...routeiq.headers, 'content-type': 'application/json' }
  const ingest = async (body) => {
    const answer = await (await fetch(`${url}/batch`, { method: 'POST', headers, body })).json()
    if (answer.count !== BATCH)
      throw new Error(`a batch was not kept whole: ${JSON.stringify(answer).slice(0, 300)}`)
  }
  await measureRate(createBodies().slice(0, 20), ingest)
  const baselines = []
  const rates = []
  for (let round = 0; round < 3; round += 1) {
    baselines.push(await measureBaseline(createBodies()))
    rates.push(await measureRate(createBodies(), ingest))
    console.log(
      `round ${round + 1}: ${Math.round(rates[round])} traces/s acknowledged, plain INSERT ${Math.round(baselines[round])}`,
    )
  }
  const { total } = await (await fetch(`${url}?limit=1`, { headers })).json()
  const sent = 20 * BATCH + 3 * BATCHES * BATCH
  if (total !== sent) throw new Error(`${sent} traces were acknowledged and ${total} are there`)
  const median = (values) => [...values].sort((left, right) => left - right)[1]
  const ratio = median(rates) / median(baselines)
  console.log(`\nall ${total} acknowledged traces are there`)
  console.log(
    `ingest: ${Math.round(median(rates))} traces/s in batches of ${BATCH}, ${ratio.toFixed(2)} of a plain INSERT (goal ≥ ${GOAL_TRACES_PER_SECOND}/s)`,
  )
})

import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { readJson, startHarness } from './measure/harness.js'
import { readMemory } from './measure/process-tree.js'
import { runProgram } from './measure/run-program.js'
import { judgeMetric } from './metrics/judge-metric.js'
import { measureScenario } from './metrics/measure-scenario.js'
import { formatScenario, formatVerdicts } from './report/format-report.js'
import { SMALL } from './subjects/requests.js'
import { formatDeployment, startRouteiq } from './subjects/routeiq.js'

const { REDIS_URL: redisUrl, DATABASE_URL: databaseUrl } = process.env
// A gateway has what its own row names, and inherits neither.
delete process.env.REDIS_URL
delete process.env.DATABASE_URL

const ROUNDS = 5
const SECONDS = 2
const STEADY_RATE = 300
const MANY_KEYS = 1_000_000
const KEYS_IN_USE = 5_000
const require = createRequire(new URL('../gateway/package.json', import.meta.url))
const { Client } = require('pg')

/** High enough to refuse nothing, so that what is measured is counting. */
const LIMITS = {
  max_budget: 1e6,
  budget_duration: '30d',
  rpm_limit: 1e9,
  tpm_limit: 1e12,
  max_parallel_requests: 1e6,
}

const rate = (id, title, value, goal) => ({
  ...{ id, title, value, goal, bound: 'least', moonshot: 1, peers: ['master'] },
})

/** Each with a gateway of its own, so that none profits from what another has warmed up. */
async function startWith(name, { mockPort }, limits, env = {}) {
  const deployments = [formatDeployment(SMALL.body.model, mockPort)]
  const started = await startRouteiq({ name: `limits-${name}`, deployments, env })
  if (limits === undefined) return started
  const authorization = { authorization: `Bearer ${started.masterKey}`, 'content-type': 'application/json' }
  if (limits === 'master') return { ...started, headers: { authorization: authorization.authorization } }
  const { key } = await readJson(started.port, 'POST', '/key/generate', authorization, limits)
  return { ...started, headers: { authorization: `Bearer ${key}` } }
}

/** A database of its own on the server of DATABASE_URL, with so many keys. */
async function createDatabase(keys) {
  const name = `routeiq_limits_${randomUUID().replaceAll('-', '').slice(0, 12)}`
  await query(databaseUrl, `CREATE DATABASE ${name}`)
  const url = new URL(databaseUrl)
  url.pathname = `/${name}`
  const drop = () => query(databaseUrl, `DROP DATABASE ${name} WITH (FORCE)`)
  const fill = () =>
    query(
      url.href,
      `INSERT INTO virtual_keys (token_hash, key_name, models, aliases, allowed_routes, tags, metadata, blocked, created_at, updated_at, settings)
       SELECT encode(sha256(('sk-' || n)::bytea), 'hex'), 'sk-...' || n, '{}', '{}', '{}', '{}', '{}', false, now(), now(), '{"max_budget": 5}'
       FROM generate_series(1, ${keys}) AS n`,
    )
  return { url: url.href, drop, fill }
}

async function query(url, text) {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query(text)
  await client.end()
}

const perSecond = ({ product, master }) => product.perSecond / master.perSecond
const perCpu = ({ product, master }) =>
  product.requests / product.cpuSeconds / (master.requests / master.cpuSeconds)

async function measure(harness, id, title, subjects, job, metrics) {
  const report = (line) => console.log(line)
  const scenario = { id, job }
  const results = await measureScenario({
    scenario,
    subjects,
    harness,
    seconds: SECONDS,
    rounds: ROUNDS,
    report,
  })
  console.log(formatScenario(title, results))
  if (metrics.length > 0) console.log(formatVerdicts(metrics.map((metric) => judgeMetric(metric, results))))
}

const closed = (seconds) => ({ mode: 'closed', connections: 64, seconds, shapes: [SMALL] })
const steady = (seconds) => ({ mode: 'open', connections: 8, rate: STEADY_RATE, seconds, shapes: [SMALL] })

await runProgram(async () => {
  const harness = await startHarness()
  const subjects = new Map([
    ['master', await startWith('master', harness, 'master')],
    ['key', await startWith('key', harness, {})],
    ['product', await startWith('all', harness, LIMITS)],
  ])
  await measure(
    harness,
    'limits',
    'small requests: master key, virtual key, virtual key with every limit',
    subjects,
    closed,
    [
      rate('limits', 'requests/s with a key, a budget and limits ÷ with the master key', perSecond, 0.9),
      rate('limits-cpu', 'the same by CPU a request', perCpu, 0.9),
    ],
  )

  if (redisUrl !== undefined) {
    const redis = new Map([
      ['master', await startWith('redis-master', harness, 'master', { REDIS_URL: redisUrl })],
      ['product', await startWith('redis-all', harness, LIMITS, { REDIS_URL: redisUrl })],
    ])
    const added = {
      ...rate(
        'limits-redis',
        'added p50 with limits in Redis, milliseconds',
        ({ product, master }) => product.latency.p50 - master.latency.p50,
        0.5,
      ),
      bound: 'most',
      moonshot: 0.3,
    }
    await measure(harness, 'steady', `open loop, ${STEADY_RATE} a second, limits in Redis`, redis, steady, [
      added,
    ])
    await measure(harness, 'limits in Redis', 'closed loop, limits in Redis', redis, closed, [
      rate('limits-redis-rate', 'requests/s with limits in Redis ÷ with the master key', perSecond, 0.9),
    ])
  }

  if (databaseUrl !== undefined) {
    const [few, many] = [await createDatabase(0), await createDatabase(MANY_KEYS)]
    try {
      const crowd = new Map([
        ['master', await startWith('few', harness, LIMITS, { DATABASE_URL: few.url })],
        ['product', await startWith('many', harness, LIMITS, { DATABASE_URL: many.url })],
      ])
      await many.fill()
      await measure(harness, 'keys', `${MANY_KEYS} keys in the database, against none`, crowd, closed, [
        rate('keys', 'requests/s with a million keys ÷ with one', perSecond, 0.95),
      ])
      await callWithSomeKeys(crowd.get('product').port)
      const [one, million] = ['master', 'product'].map((name) => readMemory(crowd.get(name).pid).pssMb)
      console.log(
        `memory: ${one.toFixed(0)} MB with one key, ${million.toFixed(0)} MB with a million, goal 150 MB more at most`,
      )
    } finally {
      for (const { pid } of subjects.values()) process.kill(pid, 'SIGTERM')
      await Promise.all([few.drop(), many.drop()])
    }
  }
})

/** Presents some thousands of the keys, so that what is kept of keys in use is in the memory read. */
async function callWithSomeKeys(port) {
  for (let n = 1; n <= KEYS_IN_USE; n += 1)
    await readJson(port, 'GET', '/v1/models', { authorization: `Bearer sk-${n}` })
}

import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { removeDirectory, temporaryDirectory } from './harness/data-directory.ts'
import { deployment } from './harness/deployments.ts'
import { runProduct } from './harness/run-product.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
let directory: string
/** An ask the trained bundle sends to the cheap model. */
let settled = ''

/** Two kinds of asks; the cheap model is good at one of them, and nobody knows yet. */
const subjects = ['oak', 'pine', 'birch', 'maple', 'cedar', 'willow', 'larch', 'elm', 'ash', 'fir']
const manners = ['briefly', 'slowly', 'neatly', 'plainly', 'boldly', 'calmly', 'firmly']
const about = (index: number): string => `the ${subjects[index % 10]}, ${manners[index % 7]}`
const poem = (index: number): string => `write a gentle poem in rhymes about ${about(index)}`
const sum = (index: number): string => `calculate the integral and prove the equation of ${about(index)}`

/** How good each model really is. */
const truth = (model: string, ask: string): number =>
  model === 'large' ? 1 : ask.startsWith('write') ? 0 : 1

/** What is trained beside the default. */
const learned = ['knn', 'kmeans', 'elo', 'svm', 'mlp', 'mf', 'dc', 'hybrid', 'linucb']
const named = [...learned, 'threshold', 'routerdc', 'graph', 'gmt']

const config = (bundle: string): object => ({
  model_list: ['small', 'large'].map((name, index) =>
    deployment(
      name,
      upstream.openaiBase,
      { input_cost_per_token: (1 + 99 * index) * 1e-7, output_cost_per_token: (1 + 99 * index) * 4e-7 },
      { id: name, quality_score: index === 0 ? 0.5 : 0.9 },
    ),
  ),
  routeiq: {
    routing: {
      routers: {
        chance: { strategy: 'llmrouter-random' },
        learned: { strategy: 'llmrouter-auto' },
        promised: { strategy: 'llmrouter-auto', args: { mode: 'guarantee', epsilon: 0.02, delta: 0.1 } },
        ...Object.fromEntries(
          named.map((name) => [`by-${name}`, { strategy: `llmrouter-${name}`, lambda: 0.1 }]),
        ),
      },
    },
  },
  router_settings: {
    routing_strategy: 'llmrouter-auto',
    routing_strategy_args: { model_path: bundle, reload_interval: 3_600 },
  },
})

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  directory = await temporaryDirectory()
  gateway = await startGateway({ config: config(join(directory, 'bundle')), workers: 2 })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
  await removeDirectory(directory)
})

function chat(model: string, content: string, key = masterKey): Promise<Answer> {
  const body = { model, messages: [{ role: 'user', content }] }
  return call(gateway.url, '/v1/chat/completions', { key, body })
}

const feedback = (body: object, key = masterKey): Promise<Answer> =>
  call(gateway.url, '/router/feedback', { key, body })
const route = async (query: string, model = 'learned') =>
  (await call(gateway.url, '/router/route', { key: masterKey, body: { query, model } })).json()

async function run(...argv: string[]) {
  const product = runProduct(argv, {}, directory)
  const { code } = await product.exited
  return { code, stdout: product.stdout(), stderr: product.stderr() }
}

describe('from requests to better decisions', () => {
  it('serves, takes feedback, trains, judges, reloads and decides better, in every worker', async () => {
    // Serve by chance, so that both models are tried on both kinds of asks, and say how each answer was.
    const asks = Array.from({ length: 80 }, (_, index) => [poem(index), sum(index)]).flat()
    const serve = async (ask: string): Promise<void> => {
      const { headers } = await chat('chance', ask)
      const [arm = '', id] = [headers['x-routeiq-selected-arm'], headers['x-routeiq-decision-id']]
      const answer = await feedback({ decision_id: id, score: truth(arm, ask), source: 'outcome' })
      expect([answer.status, answer.json().arm]).toEqual([200, arm])
    }
    for (let at = 0; at < asks.length; at += 8) await Promise.all(asks.slice(at, at + 8).map(serve))

    const log = join(directory, 'decisions.jsonl')
    const exported = await run(
      'export-decisions',
      '--out',
      log,
      '--base-url',
      gateway.url,
      '--api-key',
      masterKey,
    )
    expect(exported).toMatchObject({ code: 0, stderr: '' })
    expect(readFileSync(log, 'utf8')).not.toContain('poem')
    const data = join(directory, 'own.jsonl')
    expect(await run('import', '--from', 'decisions', '--in', log, '--out', data)).toMatchObject({ code: 0 })
    const bundle = join(directory, 'bundle')
    const trained = await run('train', '--data', data, '--out', bundle, '--strategy', 'all')
    expect(trained).toMatchObject({ code: 0 })
    expect(trained.stdout).toMatch(/% of the best model's quality at .+ % lower cost/)
    for (const strategy of learned)
      expect(trained.stdout).toContain(`llmrouter-${strategy} by cross-validation`)
    const report = await run('eval', '--bundle', bundle, '--data', data, '--report', 'json')
    expect(report.code).toBe(0)
    expect(JSON.parse(report.stdout).profiles[0]).toMatchObject({ profile: 'premium' })
    const seeds = ['eval', '--bundle', bundle, '--data', data, '--seeds', '2']
    const spread = await run(...seeds, '--report', 'json')
    expect(spread).toMatchObject({ code: 0, stderr: '' })
    const { profiles, test_rows: rows } = JSON.parse(spread.stdout)
    expect(rows).toHaveLength(2)
    const figures = { mean: expect.any(Number), sd: expect.any(Number), worst: expect.any(Number) }
    expect(profiles[1]).toEqual({ profile: 'auto', quality_ratio: figures, cost_saved: figures })
    expect((await run(...seeds)).stdout).toMatch(
      /trained anew .* for each of 2 seeds[\s\S]*\| auto \| .* worst/,
    )
    expect(await run(...seeds.slice(0, -1), '0')).toMatchObject({ code: 2 })

    const reload = await call(gateway.url, '/router/reload', { key: masterKey, body: {} })
    expect(reload.json(), reload.text).toMatchObject({
      status: 'success',
      changed: true,
      bundle: { old: null, gate: { passed: true } },
    })
    const id = reload.json().bundle.new
    await waitUntil('both workers have the bundle', async () => {
      const infos = await Promise.all(
        Array.from({ length: 8 }, () => call(gateway.url, '/router/info', { key: masterKey })),
      )
      return infos.every((info) => info.json().bundle?.bundle_id === id)
    })
    // Unseen asks of both kinds: the cheap model where it is good, the other where it is not.
    const unseen = Array.from({ length: 10 }, (_, index) => 200 + index)
    const chosen = async (asks: readonly string[]): Promise<string[]> =>
      Promise.all(asks.map(async (ask) => (await route(ask)).selected_model as string))
    const poems = await chosen(unseen.map(poem))
    const sums = await chosen(unseen.map(sum))
    expect(poems.filter((model) => model === 'large').length).toBeGreaterThanOrEqual(9)
    expect(sums.filter((model) => model === 'small').length).toBeGreaterThanOrEqual(8)
    const easy = sum(200 + sums.indexOf('small'))
    expect((await chat('learned', easy)).headers['x-routeiq-selected-arm']).toBe('small')
    settled = easy
  }, 300_000)

  it.each(named)('llmrouter-%s answers requests by what it learned', async (name) => {
    const ask = `${poem(301)}`
    const told = await route(ask, `by-${name}`)
    expect(told).toMatchObject({ requested_strategy: `llmrouter-${name}`, fallback_reason: null })
    const { headers, status } = await chat(`by-${name}`, ask)
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      'x-routeiq-strategy': told.strategy,
      'x-routeiq-selected-arm': told.selected_model,
    })
    // The large model alone can write poems. Ratings need asks that both models answered, and there are none.
    if (name !== 'elo') expect(told.selected_model).toBe('large')
    const listed = (await call(gateway.url, '/router/info', { key: masterKey })).json()
    expect(listed.registered_strategies).toContain(`llmrouter-${name}`)
  })

  it('explains a choice by words of the ask and asks like it, and promises nothing by few rows', async () => {
    const told = await route(poem(302), 'learned')
    expect(told.explain.features.length).toBeGreaterThan(0)
    // Words, signs and pairs of them.
    const words = told.explain.features.flatMap(({ feature }: { feature: string }) => feature.split(' '))
    for (const word of words) expect(poem(302)).toContain(word)
    expect(told.explain.neighbours[0]).toMatchObject({ id: expect.any(String), sim: expect.any(Number) })
    expect(told.explain.mode).toBe('tradeoff')
    // 160 decisions are too few to promise anything by.
    const promised = await route(sum(302), 'promised')
    expect(promised).toMatchObject({ fallback_reason: 'invalid_arguments', explain: { mode: 'tradeoff' } })
  })

  it('evaluates every strategy of a bundle', async () => {
    const options = ['--bundle', join(directory, 'bundle'), '--data', join(directory, 'own.jsonl')]
    const report = await run('eval', ...options, '--strategy', 'llmrouter-mf', '--report', 'json')
    expect(JSON.parse(report.stdout)).toMatchObject({ strategy: 'llmrouter-mf', profiles: [{}, {}, {}, {}] })
    const unknown = await run('train', ...options, '--out', 'x', '--strategy', 'llmrouter-smallest')
    expect(unknown).toMatchObject({ code: 2 })
  })

  it('tells from the log what the trained strategy would have come to, and how well models are known', async () => {
    const replay = (body: object): Promise<Answer> =>
      call(gateway.url, '/api/v1/evidence/replay', { key: masterKey, body })
    const value = (await replay({ strategy: 'llmrouter-auto', window: '1d' })).json()
    expect(value).toMatchObject({ effective_strategy: 'llmrouter-auto', method: 'doubly_robust' })
    expect(value.rows).toBeGreaterThan(100)
    expect(value.value).toBeGreaterThan(value.logged_value + 0.1)
    expect(value.ci[0]).toBeLessThanOrEqual(value.value)
    expect(value.ess).toBeGreaterThan(20)
    expect((await replay({ strategy: 'llmrouter-rules' })).status).toBe(400)
    const evidence = async (path: string) =>
      (await call(gateway.url, `/api/v1/evidence/${path}?window=1d`, { key: masterKey })).json()
    const { models } = await evidence('calibration')
    expect(models.map(({ model }: { model: string }) => model).toSorted()).toEqual(['large', 'small'])
    for (const { bins, calibration_error: error } of models) {
      expect(bins.length).toBeGreaterThan(0)
      expect(error).toBeLessThanOrEqual(1)
    }
    expect((await evidence('regret')).mean_regret).toBeGreaterThan(0)
    const [row] = (await evidence('cost-analysis')).rows
    expect(row).toMatchObject({ model: 'large', requests: expect.any(Number), cost_usd: expect.any(Number) })
  })

  it('keeps the bundle in force when the next one is broken, and says why', async () => {
    const before = (await call(gateway.url, '/router/info', { key: masterKey })).json().bundle
    const file = join(directory, 'bundle', 'ensemble.json')
    const good = readFileSync(file, 'utf8')
    writeFileSync(file, good.replace('"cluster_sizes"', '"cluster_size"'))
    const broken = await call(gateway.url, '/config/reload', { key: masterKey, body: {} })
    expect(broken.status).toBe(422)
    expect(broken.json()).toMatchObject({
      status: 'failed',
      error: 'config_reload_failed',
      detail: { code: 'invalid' },
    })
    expect((await route(settled)).selected_model).toBe('small')
    writeFileSync(file, good)
    const mended = await call(gateway.url, '/llmrouter/reload', { key: masterKey, method: 'POST' })
    expect(mended.json()).toMatchObject({ status: 'success', bundle: { new: before.bundle_id } })
  })

  it('refuses a bundle that is worse, unless told to take it', async () => {
    const rows = Array.from({ length: 80 }, (_, index) => ({
      ...(index === 0 ? { models: ['large', 'small'] } : {}),
      ...{ id: `r${index}`, task: 'all', prompt: `question ${index} ${Math.sin(index)}` },
      s: [index % 2, (index >> 1) % 2],
      c: [0.01, 0.0001],
    }))
    const data = join(directory, 'noise.jsonl')
    writeFileSync(data, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    const other = join(directory, 'other')
    expect((await run('train', '--data', data, '--out', other)).code).toBe(0)
    cpSync(other, join(directory, 'bundle'), { recursive: true })
    const refused = await call(gateway.url, '/router/reload', { key: masterKey, body: {} })
    expect(refused.status).toBe(409)
    expect(refused.json().detail).toMatchObject({ code: 'gate_failed', gate: { passed: false } })
    expect((await call(gateway.url, '/router/reload', { body: {} })).status).toBe(401)
    const forced = await call(gateway.url, '/router/reload', { key: masterKey, body: { force: true } })
    expect(forced.status).toBe(200)
  })
})

describe('what choosing saved', () => {
  const evidence = (path: string, key = masterKey): Promise<Answer> =>
    call(gateway.url, `/api/v1/evidence/${path}`, { key })

  it('is never shown without what was kept of quality', async () => {
    const body = (await evidence('overview?window=1d')).json()
    expect(body.requests).toBeGreaterThan(160)
    expect(body.judged).toBeGreaterThanOrEqual(160)
    expect(body.quality).toBeGreaterThan(0)
    expect(body.quality_ratio).toBeGreaterThan(0)
    expect(body.cost.savings_usd).toBeCloseTo(body.cost.baseline_usd - body.cost.actual_usd, 9)
    expect(body).toMatchObject({ baseline_model: 'large', warnings: [] })
    const rows = (await evidence('savings?group_by=model')).json().rows
    expect(rows.map(({ group }: { group: string }) => group).toSorted()).toEqual(['large', 'small'])
    expect((await evidence('savings?group_by=colour')).status).toBe(400)
    const { key } = await gateway.createKey({})
    expect((await evidence('overview', key)).status).toBe(403)
  })
})

describe('POST /router/feedback', () => {
  it('counts once, credits the model that answered, and moves its estimate for all', async () => {
    const ask = 'tell me a story about a lighthouse keeper'
    const before = (await route(ask)).explain.candidates
    const arm = before[0].model
    for (let index = 0; index < 12; index++) {
      const { headers } = await chat('learned', `${ask} ${'again '.repeat(index)}`)
      const handle = { decision_id: headers['x-routeiq-decision-id'], verdict: 'fail' }
      expect((await feedback(handle)).json()).toMatchObject({ status: 'ok', duplicate: false })
      expect((await feedback(handle)).json()).toMatchObject({ applied: false, duplicate: true })
    }
    await waitUntil('the estimate has fallen', async () => {
      const { candidates } = (await route(ask)).explain
      const found = candidates.find(({ model }: { model: string }) => model === arm)
      return found.q < before[0].q - 0.02 && found.components.online < 0
    })
  })

  it('takes a request id, replaces what the same source said, and lets the better source win', async () => {
    const { headers } = await chat('learned', 'a question to be judged twice')
    const request_id = headers['x-litellm-call-id']
    expect((await feedback({ request_id, score: 0.2, source: 'judge' })).json()).toMatchObject({
      applied: true,
    })
    expect((await feedback({ request_id, score: 0.9 })).json()).toMatchObject({ applied: true })
    expect((await feedback({ request_id, score: 0.1, source: 'judge' })).json()).toMatchObject({
      applied: false,
      superseded: true,
    })
    expect((await feedback({ request_id, verdict: 'review' })).json()).toMatchObject({ status: 'ok' })
  })

  it('is for whoever made the call', async () => {
    const [own, other] = [await gateway.createKey({}), await gateway.createKey({})]
    const { headers } = await chat('learned', 'a question of my own', own.key)
    const body = { decision_id: headers['x-routeiq-decision-id'], score: 1 }
    const foreign = await feedback(body, other.key)
    expect([foreign.status, foreign.json().error.code]).toEqual([403, 'not_your_decision'])
    expect((await feedback(body, own.key)).status).toBe(200)
  })

  it('refuses what it cannot credit', async () => {
    const missing = await feedback({ decision_id: 'dc_000000000000000000000000', score: 1 })
    expect([missing.status, missing.json().error.code]).toEqual([404, 'decision_not_found'])
    expect((await feedback({ score: 1 })).status).toBe(422)
    expect((await feedback({ decision_id: 'x', score: 1.5 })).status).toBe(422)
    expect((await feedback({ decision_id: 'x' })).status).toBe(422)
  })

  it('keeps what was learned over a restart', async () => {
    const ask = 'tell me a story about a lighthouse keeper'
    const online = async (): Promise<number[]> =>
      (await route(ask)).explain.candidates.map(
        ({ components }: { components: { online?: number } }) => components.online ?? 0,
      )
    const before = await online()
    await gateway.restart()
    await waitUntil('it is read again', async () =>
      (await online()).every((shift, index) => Math.abs(shift - (before[index] ?? 0)) < 0.01),
    )
  })
})

import { generateKeyPairSync } from 'node:crypto'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
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
/** Ids of the bundles by folder. */
const ids = { first: '', second: '', noise: '' }

const bundles = '/api/v1/evidence/bundles'
const shadow = [{ strategy: 'llmrouter-smallest', sample: 1 }]
const subjects = ['oak', 'pine', 'birch', 'maple', 'cedar', 'willow', 'larch', 'elm']

/** Of two asks that are alike one went well and one badly: whoever believes the one is wrong about the other. */
const twin = (index: number): string => {
  const letter = (at: number): string => String.fromCharCode(97 + (at % 26))
  return `tell of the ${letter(index >> 1)}${letter((index >> 1) / 26)}berry`
}

/** The small model is good at sums and bad at poems. */
function rowsOf(count: number, noise: boolean): string {
  return Array.from({ length: count }, (_, index) => {
    const isPoem = index % 2 === 0
    const about = `the ${subjects[index % 8]} number ${index}`
    const sense = isPoem
      ? `write a gentle poem in rhymes about ${about}`
      : `calculate the integral over ${about}`
    const prompt = noise ? twin(index) : sense
    const scores = noise ? [index % 2, index % 2] : [1, isPoem ? 0 : 1]
    const row = { id: `r${index}`, task: isPoem ? 'poem' : 'sum', prompt, s: scores, c: [0.01, 0.0001] }
    return JSON.stringify(index === 0 ? { models: ['large', 'small'], ...row } : row)
  }).join('\n')
}

async function run(...argv: string[]) {
  const product = runProduct(argv, {}, directory)
  const { code } = await product.exited
  return { code, stdout: product.stdout(), stderr: product.stderr() }
}

const models = (...names: string[]): object[] =>
  names.map((name, index) =>
    deployment(
      name,
      upstream.openaiBase,
      { input_cost_per_token: (1 + 99 * index) * 1e-7, output_cost_per_token: (1 + 99 * index) * 4e-7 },
      { id: name },
    ),
  )

const config = (routing: object = {}): object => ({
  model_list: models('small', 'large'),
  routeiq: { routing: { shadow, guarantee_interval: 1, ...routing } },
})

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  directory = await temporaryDirectory()
  const shelf = join(directory, 'bundles')
  mkdirSync(join(shelf, 'broken'), { recursive: true })
  writeFileSync(join(shelf, 'broken', 'bundle.json'), '{')
  for (const [name, rows, noise] of [
    ['first', 120, false],
    ['second', 220, false],
    ['noise', 120, true],
  ] as const) {
    const data = join(directory, `${name}.jsonl`)
    writeFileSync(data, rowsOf(rows, noise))
    const file = name === 'second' ? 'second.rqb' : name
    const strategies = name === 'first' ? ['--strategy', 'llmrouter-auto,llmrouter-knn'] : []
    const trained = await run('train', '--data', data, '--out', join(shelf, file), ...strategies)
    expect(trained, trained.stderr).toMatchObject({ code: 0 })
    ids[name] = /^rb_[0-9a-f]+/.exec(trained.stdout)?.[0] ?? ''
  }
  gateway = await startGateway({ config: config(), env: { LLMROUTER_MODELS_PATH: shelf } })
}, 120_000)

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
  await removeDirectory(directory)
})

const get = (path: string): Promise<Answer> => call(gateway.url, path, { key: masterKey })
const move = (id: string, action: string, body: object = {}, key = masterKey): Promise<Answer> =>
  call(gateway.url, `${bundles}/${id}/${action}`, { key, body })
const active = async (): Promise<string | null> =>
  (await get('/router/info')).json().bundle?.bundle_id ?? null

describe('bundles', () => {
  it('are listed with their state, broken ones with what is wrong', async () => {
    const body = (await get(bundles)).json()
    expect(body).toMatchObject({ active: null, promoted: null, staged: [], total: 4 })
    const states = body.bundles.map((one: { state: string; bundle_id: string }) => [one.bundle_id, one.state])
    expect(states).toContainEqual([ids.first, 'available'])
    expect(states).toContainEqual([null, 'invalid'])
  })

  it('are looked at without serving, and put in force only through the gate', async () => {
    expect((await move(ids.first, 'stage')).json()).toMatchObject({
      status: 'staged',
      gate: { passed: true },
    })
    expect((await get('/router/info')).json().registry.staged_strategies).toEqual([ids.first])
    expect(await active()).toBeNull()
    const { key } = await gateway.createKey({})
    expect((await move(ids.first, 'promote', {}, key)).status).toBe(403)
    expect((await move('rb_none', 'promote')).json().error.code).toBe('bundle_not_found')
    const refused = await move(ids.noise, 'promote')
    expect([refused.status, refused.json().error.code]).toEqual([409, 'gate_failed'])
    expect(refused.json().detail.gate).toMatchObject({ passed: false })
    expect(await active()).toBeNull()
    expect((await move(ids.first, 'promote')).json()).toMatchObject({ old: null, new: ids.first })
    expect(await active()).toBe(ids.first)
  })

  it('are taken back one after the other, over a restart', async () => {
    expect((await move(ids.second, 'promote')).json()).toMatchObject({ old: ids.first, new: ids.second })
    await gateway.restart('SIGKILL')
    expect(await active()).toBe(ids.second)
    expect((await move(ids.first, 'rollback')).json().error.code).toBe('invalid_transition')
    expect((await move(ids.second, 'rollback')).json()).toMatchObject({ new: ids.first })
    expect((await move(ids.noise, 'promote', { force: true })).json()).toMatchObject({ new: ids.noise })
    expect(gateway.stdout()).toContain('"action":"routing.bundle.promote"')
    expect((await move(ids.noise, 'rollback')).json()).toMatchObject({ new: ids.first })
    expect((await move(ids.first, 'rollback')).json()).toMatchObject({ new: null })
    expect(await active()).toBeNull()
  })

  it('must be signed by a trusted key where there are some', async () => {
    const keys = generateKeyPairSync('ed25519', {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    })
    writeFileSync(join(directory, 'private.pem'), keys.privateKey)
    writeFileSync(join(directory, 'public.pem'), keys.publicKey)
    await gateway.reload(config({ trusted_keys: [keys.publicKey] }))
    const unsigned = await move(ids.first, 'promote')
    expect([unsigned.status, unsigned.json().detail[0]?.msg ?? unsigned.text]).toEqual([
      422,
      expect.stringContaining('not signed'),
    ])
    const folder = join(directory, 'bundles', 'first')
    const flags = (key: string): string[] => ['--bundle', folder, '--key', join(directory, key)]
    expect(await run('bundle', 'sign', ...flags('private.pem'))).toMatchObject({ code: 0, stderr: '' })
    expect(await run('bundle', 'verify', ...flags('public.pem'))).toMatchObject({ code: 0 })
    expect((await run('bundle', 'inspect', '--bundle', folder)).stdout).toContain('models: large, small')
    const compared = await run('bundle', 'diff', '--bundle', folder, '--with', folder)
    expect([compared.code, compared.stdout.includes('no difference')]).toEqual([0, true])
    expect((await move(ids.first, 'promote')).json()).toMatchObject({ new: ids.first })
    expect((await get('/router/info')).json().bundle).toMatchObject({ signed: true })
    await move(ids.first, 'rollback')
  })
})

describe('a bundle in one file', () => {
  it('is the same bundle, and unpacks to a folder', async () => {
    const packed = join(directory, 'bundles', 'second.rqb')
    const folder = join(directory, 'unpacked')
    const unpacked = await run('bundle', 'pack', '--bundle', packed, '--with', folder)
    expect(unpacked).toMatchObject({ code: 0, stdout: `${ids.second} in ${folder}\n` })
    expect((await run('bundle', 'diff', '--bundle', folder, '--with', packed)).stdout).toContain(
      'no difference',
    )
  })

  it('that is no zip, or holds no manifest, is listed with what is wrong', async () => {
    writeFileSync(join(directory, 'bundles', 'torn.rqb'), 'PK')
    const { bundles: listed } = (await get(bundles)).json()
    const torn = listed.find(({ folder }: { folder?: string }) => folder?.endsWith('torn.rqb'))
    expect(torn ?? listed.filter(({ state }: { state: string }) => state === 'invalid')[1]).toMatchObject({
      state: 'invalid',
    })
  })
})

describe('a bundle that cannot be read any more', () => {
  it('leaves the old one in force, which readiness tells without being down', async () => {
    const own = join(directory, 'own')
    cpSync(join(directory, 'bundles', 'first'), own, { recursive: true })
    const router_settings = {
      routing_strategy: 'llmrouter-auto',
      routing_strategy_args: { model_path: own },
    }
    await gateway.reload({ ...config(), router_settings })
    const readiness = async () => {
      const answer = await get('/_health/ready')
      return [answer.status, answer.json()]
    }
    const reload = (): Promise<Answer> => call(gateway.url, '/router/reload', { key: masterKey, body: {} })
    expect((await reload()).json()).toMatchObject({ bundle: { new: ids.first } })
    expect(await readiness()).toMatchObject([200, { status: 'ready', is_degraded: false }])
    rmSync(join(own, 'bundle.json'))
    expect((await reload()).status).toBe(422)
    expect(await active()).toBe(ids.first)
    const [status, told] = await readiness()
    expect([status, told]).toMatchObject([
      200,
      { status: 'degraded', is_degraded: true, checks: { routing_bundle: { status: 'refused' } } },
    ])
    // Anybody may ask, and nobody there needs to know where files are.
    expect(JSON.stringify(told)).not.toContain(directory)
    await gateway.reload(config())
    await reload()
    expect((await readiness())[1].checks).not.toHaveProperty('routing_bundle')
  })
})

describe('a replay', () => {
  it('is by the bundle in force, or by another one at hand', async () => {
    await move(ids.first, 'promote')
    const replay = async (bundle_id?: string) =>
      call(gateway.url, '/api/v1/evidence/replay', {
        key: masterKey,
        body: { strategy: 'llmrouter-knn', bundle_id, window: '1d' },
      })
    expect((await replay()).json()).toMatchObject({
      bundle_id: ids.first,
      effective_strategy: 'llmrouter-knn',
    })
    // The other one was not trained for that strategy.
    expect((await replay(ids.noise)).json()).toMatchObject({
      bundle_id: ids.noise,
      effective_strategy: 'llmrouter-auto',
    })
    expect((await replay('rb_none')).json().error.code).toBe('bundle_not_found')
    expect(await active()).toBe(ids.first)
    await move(ids.first, 'rollback')
  })
})

describe('a strategy that only watches', () => {
  it('is asked about every request, serves none, and is compared', async () => {
    await move(ids.first, 'promote')
    const ask = (content: string): Promise<Answer> =>
      call(gateway.url, '/v1/chat/completions', {
        key: masterKey,
        body: { model: 'routeiq/premium', messages: [{ role: 'user', content }] },
      })
    const figures = async () => {
      const { strategies } = (await get('/llmrouter/strategies/compare')).json()
      return strategies.find(({ name }: { name: string }) => name === 'llmrouter-smallest').metrics?.shadow
    }
    upstream.reset()
    const asked = []
    for (let index = 0; index < 6; index++)
      asked.push(await ask(`write a gentle poem in rhymes about the elm number ${300 + index}`))
    const shown = await waitUntil('all were watched', async () => {
      const seen = await figures()
      return seen?.decisions >= 6 ? seen : null
    })
    expect(shown.agreement).toBeLessThan(1)
    expect(shown.replay).toBeNull()
    expect(shown.predicted_cost_difference_usd).toBeLessThan(0)
    expect(upstream.requestsFor('small')).toHaveLength(0)
    const { items } = (await get('/api/v1/evidence/routing-traces?window=1h&limit=1')).json()
    const judged = { decision_id: asked[0]?.headers['x-routeiq-decision-id'], score: 0.5 }
    await call(gateway.url, '/router/feedback', { key: masterKey, body: judged })
    // It would have taken the other model, whose worth is what was expected of it.
    expect((await figures()).replay).toMatchObject({
      ...{ rows: 1, logged_value: 0.5, ess: 0, snips: null, method: 'doubly_robust' },
      ...{ value: expect.any(Number), cost: expect.any(Number), refused: 'too_little_overlap' },
    })
    expect(items[0].details.shadow).toMatchObject([{ strategy: 'llmrouter-smallest', model: 'small' }])
  })
})

describe('a trained strategy that knows none of the models', () => {
  const asked = 'write a gentle poem in rhymes about the elm'
  const answer = (model: string): Promise<Answer> =>
    call(gateway.url, '/v1/chat/completions', {
      key: masterKey,
      body: { model, messages: [{ role: 'user', content: asked }] },
    })

  it('leaves the choice to the default without training, and says so', async () => {
    const strategy = 'llmrouter-knn'
    const routers = {
      known: { strategy, models: ['small', 'large'] },
      strange: { strategy, models: ['newcomer', 'stranger'] },
      mixed: { strategy, models: ['small', 'stranger'] },
    }
    await gateway.reload({
      model_list: models('small', 'large', 'newcomer', 'stranger'),
      routeiq: { routing: { routers, guarantee_interval: 1 } },
    })
    await move(ids.first, 'promote')
    const { headers } = await answer('strange')
    expect(headers).toMatchObject({
      'x-routeiq-strategy': 'llmrouter-auto',
      'x-routeiq-fallback-reason': 'models_unknown',
    })
    const told = (
      await call(gateway.url, '/router/route', { key: masterKey, body: { query: asked, model: 'strange' } })
    ).json()
    expect(told).toMatchObject({
      requested_strategy: strategy,
      strategy: 'llmrouter-auto',
      fallback_reason: 'models_unknown',
      selected_model: headers['x-routeiq-selected-arm'],
      explain: { bundle_id: null, strategy_version: expect.stringMatching(/^prior/), lambda: 0.05 },
    })
    expect(told.reasons).toContain('fallback:models_unknown')
    for (const model of ['known', 'mixed']) {
      const other = await answer(model)
      expect(other.headers['x-routeiq-strategy']).toBe(strategy)
      expect(other.headers).not.toHaveProperty('x-routeiq-fallback-reason')
    }
  })
})

describe('a promise about quality', () => {
  it('is held against what was judged, and is given up for the reference where it breaks', async () => {
    const promised = { strategy: 'llmrouter-auto', args: { mode: 'guarantee', epsilon: 0.3, delta: 0.1 } }
    await gateway.reload(config({ routers: { promised }, learning: false, shadow: [] }))
    await move(ids.second, 'promote')
    const route = async () => {
      const body = { query: 'calculate the integral over the elm number 111', model: 'promised' }
      return (await call(gateway.url, '/router/route', { key: masterKey, body })).json()
    }
    const kept = await route()
    expect(kept).toMatchObject({
      selected_model: 'small',
      explain: { mode: 'guarantee', promise: { epsilon: 0.3, delta: 0.1, reference: 'large' } },
    })
    // The small model used to be good at this, and is not any more.
    const fail = async (index: number): Promise<void> => {
      const content = `calculate the integral over the ${subjects[index % 8]} number ${1_000 + index}`
      const { headers } = await call(gateway.url, '/v1/chat/completions', {
        key: masterKey,
        body: { model: 'promised', messages: [{ role: 'user', content }] },
      })
      const judged = { decision_id: headers['x-routeiq-decision-id'], score: 0 }
      const { status } = await call(gateway.url, '/router/feedback', { key: masterKey, body: judged })
      expect(status).toBe(200)
    }
    for (let from = 0; from < 220; from += 20)
      await Promise.all(Array.from({ length: 20 }, (_, index) => fail(from + index)))
    const broken = await waitUntil('the promise is found broken', async () => {
      const told = await route()
      return told.reasons.includes('guarantee_broken') ? told : null
    })
    expect(broken).toMatchObject({ selected_model: 'large', explain: { lambda: 0 } })
    await waitUntil('the log has it', async () =>
      /"event":"routing_guarantee_broken".*"router":"promised"/.test(gateway.stdout()),
    )
    expect((await get('/metrics')).text).toMatch(/routeiq_routing_guarantee_broken(\{[^}]*\})? 1/)
  }, 120_000)
})

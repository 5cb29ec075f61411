import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

const evidence = '/api/v1/evidence'
const experiments = `${evidence}/experiments`

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const priced = (name: string, usd: number): object =>
    deployment(
      name,
      upstream.openaiBase,
      { input_cost_per_token: usd / 1e6, output_cost_per_token: (4 * usd) / 1e6 },
      { id: name },
    )
  gateway = await startGateway({
    config: {
      model_list: [priced('small', 0.1), priced('large', 10)],
      router_settings: { routing_strategy: 'llmrouter-largest' },
      routeiq: { routing: { baseline_model: 'large' } },
    },
    workers: 2,
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

const get = (path: string, key = masterKey): Promise<Answer> => call(gateway.url, path, { key })
const post = (path: string, body: object = {}, key = masterKey): Promise<Answer> =>
  call(gateway.url, path, { key, body })

function chat(user: string, model = 'auto'): Promise<Answer> {
  const body = { model, messages: [{ role: 'user', content: `${user} asks for the capital of Peru` }], user }
  return call(gateway.url, '/v1/chat/completions', { key: masterKey, body })
}

const draft = {
  id: 'cheaper',
  hypothesis: 'The small model answers as well',
  variants: [
    { name: 'control', strategy: 'llmrouter-largest', weight: 50 },
    { name: 'challenger', strategy: 'llmrouter-smallest', weight: 50 },
  ],
  ...{ max_share: 0.5, min_samples: 5, min_days: 0, margin: 0.2, four_eyes: true },
}
const variantOf = ({ headers }: Answer): string =>
  headers['x-routeiq-experiment']?.replace('cheaper;variant=', '') ?? ''

describe('an experiment', () => {
  it('begins as a draft that assigns nobody', async () => {
    const { key: reader } = await gateway.createKey({ permissions: { 'experiment.read': true } })
    const { key: nobody } = await gateway.createKey({})
    expect((await post(experiments, draft, nobody)).status).toBe(403)
    expect((await post(experiments, draft, reader)).status).toBe(403)
    const bold = await post(experiments, { ...draft, max_share: undefined })
    expect([bold.status, bold.json().detail[0].loc]).toEqual([422, ['body', 'variants']])
    const [control] = draft.variants
    const unknown = { ...draft, variants: [control, { name: 'x', strategy: 'llmrouter-r1', weight: 1 }] }
    expect((await post(experiments, unknown)).status).toBe(422)
    const created = await post(experiments, draft)
    expect([created.status, created.json().state]).toEqual([201, 'draft'])
    expect((await post(experiments, draft)).json().error.code).toBe('conflict')
    expect((await get(experiments, reader)).json()).toMatchObject({ total: 1 })
    expect((await chat('u0')).headers).not.toHaveProperty('x-routeiq-experiment')
    expect((await post(`${experiments}/cheaper/stop`)).json().error.code).toBe('invalid_transition')
    expect((await get(`${experiments}/nothing`)).json().error.code).toBe('experiment_not_found')
  })

  it('leaves no room for another one on the same names', async () => {
    expect((await post(`${experiments}/cheaper/start`)).json()).toMatchObject({ state: 'running' })
    await post(experiments, { ...draft, id: 'second', salt: true })
    const overlapping = await post(`${experiments}/second/start`)
    expect([overlapping.status, overlapping.json().error.code]).toEqual([409, 'invalid_transition'])
    expect((await post(`${experiments}/second/reject`)).json()).toMatchObject({ state: 'rejected' })
  })

  it('assigns callers in every process once it runs, for good, and shows what becomes of them', async () => {
    await waitUntil('both workers assign', async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => chat('first')))
      return answers.every((answer) => variantOf(answer) !== '')
    })
    const users = Array.from({ length: 24 }, (_, index) => `u${index}`)
    const seen = new Map<string, string>()
    for (const user of users) {
      const answers = await Promise.all([chat(user), chat(user)])
      const [variant, again] = answers.map(variantOf)
      expect(again).toBe(variant)
      seen.set(user, variant ?? '')
      const [{ headers }] = answers as [Answer, Answer]
      expect(headers['x-routeiq-selected-arm']).toBe(variant === 'challenger' ? 'small' : 'large')
      await post('/router/feedback', { decision_id: headers['x-routeiq-decision-id'], verdict: 'pass' })
    }
    expect([...new Set(seen.values())].toSorted()).toEqual(['challenger', 'control'])
    expect((await get('/router/info')).json().registry).toMatchObject({
      ...{ ab_enabled: true, ab_weights: { control: 50, challenger: 50 }, experiment: { id: 'cheaper' } },
    })
    const samples = (await get(`${experiments}/cheaper/samples?variant=challenger&limit=3`)).json()
    expect(samples.count).toBe(3)
    for (const sample of samples.samples)
      expect(sample).toMatchObject({ arm: 'small', score: 1, experiment: { variant: 'challenger' } })
    const unitsOf = async (): Promise<number> => {
      const [control, challenger] = (await get(`${experiments}/cheaper`)).json().variants
      return control.units + challenger.units
    }
    await waitUntil('every choice is kept', async () => (await unitsOf()) === users.length + 1)
    const [control, challenger] = (await get(`${experiments}/cheaper`)).json().variants
    expect(control.judged_units + challenger.judged_units).toBe(users.length)
    expect(challenger).toMatchObject({ quality: 1, error_rate: 0 })
    expect(challenger.cptc).toBeLessThan(control.cptc / 10)
    // A dry run is no exposure.
    await post('/router/route', { query: 'hello', user: 'dry' })
    expect(await unitsOf()).toBe(users.length + 1)
  })

  it('comes up for review, and is put in force by another human only', async () => {
    const shown = (await get(`${experiments}/cheaper`)).json()
    expect(shown).toMatchObject({
      state: 'review',
      report: { srm_failed: false, complete: true, challengers: [{ name: 'challenger' }] },
    })
    expect((await chat('late')).headers['x-routeiq-strategy']).toBe('llmrouter-largest')
    expect((await post(`${experiments}/cheaper/approve`, { apply: true })).status).toBe(403)
    const { key } = await gateway.createKey({ permissions: { 'experiment.write': true } })
    const approved = await post(`${experiments}/cheaper/approve`, { apply: true, reason: 'cheaper' }, key)
    expect(approved.json()).toEqual({
      config_patch_yaml:
        '# Approved by experiment cheaper.\nrouter_settings:\n  routing_strategy: llmrouter-smallest\n',
      applied: true,
    })
    await waitUntil('every worker serves by it', async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => chat('late')))
      return answers.every(({ headers }) => headers['x-routeiq-strategy'] === 'llmrouter-smallest')
    })
    expect((await get('/router/info')).json().registry.active_strategy).toBe('llmrouter-smallest')
    expect(gateway.stdout()).toContain('"action":"experiment.approved"')
  })

  it('keeps its state over a restart, and is rolled back', async () => {
    await gateway.restart('SIGKILL')
    await waitUntil('it is in force again', async () => {
      const { headers } = await chat('late')
      return headers['x-routeiq-strategy'] === 'llmrouter-smallest'
    })
    const rolled = (await post(`${experiments}/cheaper/rollback`, { reason: 'second thoughts' })).json()
    expect(rolled).toMatchObject({ state: 'rolled_back', applied: false, winner: 'challenger' })
    expect(rolled.history.map(({ to }: { to: string }) => to)).toEqual([
      ...['draft', 'running', 'review', 'approved', 'rolled_back'],
    ])
    await waitUntil('the configured strategy serves', async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => chat('late')))
      return answers.every(({ headers }) => headers['x-routeiq-strategy'] === 'llmrouter-largest')
    })
  })
})

describe('what choosing saved', () => {
  it('is compared with the named baseline, with intervals, and beside the quality', async () => {
    const overview = (await get(`${evidence}/overview?window=1h`)).json()
    expect(overview).toMatchObject({ baseline_model: 'large', judged: 24, quality: 1, quality_ratio: null })
    expect(overview.warnings[0]).toContain('quality unverified')
    const {
      savings_usd,
      savings_usd_ci: [low, high],
    } = overview.cost
    expect(low).toBeLessThanOrEqual(savings_usd)
    expect(high).toBeGreaterThanOrEqual(savings_usd)
    expect(overview.cptc.actual).toBeLessThan(overview.cptc.baseline)
    expect(overview.cptc.ci[0]).toBeLessThanOrEqual(overview.cptc.actual)
    const { rows } = (await get(`${evidence}/savings?group_by=model`)).json()
    for (const row of rows)
      expect(row).toMatchObject({ BaselineModel: 'large', Currency: 'USD', judged: expect.any(Number) })
  })
})

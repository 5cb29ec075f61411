import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { openaiError } from './harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, type IssuedKey, masterKey, startGateway } from './harness/start-gateway.ts'
import { respond } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
let ann: IssuedKey
let bob: IssuedKey

const today = new Date().toISOString().slice(0, 10)

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 }
  const dear = { input_cost_per_token: 0.01, output_cost_per_token: 0.02 }
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('gpt', upstream.openaiBase, prices),
        deployment('dear', upstream.openaiBase, dear),
      ],
      litellm_settings: { max_budget: 50 },
      general_settings: { maximum_spend_logs_retention_period: '90d' },
    },
  })
  await ask('/team/new', { team_id: 'red', team_alias: 'Red' })
  await ask('/user/new', { user_id: 'ann', user_role: 'internal_user', auto_create_key: false })
  ann = await gateway.createKey({ user_id: 'ann', team_id: 'red', key_alias: 'of-ann' })
  bob = await gateway.createKey({ tags: ['nightly'] })
  await chat(ann.key, { user: 'visitor', tags: ['lab'] })
  await chat(ann.key, { stream: true })
  await chat(bob.key)
  upstream.script('gpt', respond(400, openaiError('No')))
  await chat(bob.key)
  await waitUntil('all is in the ledger', async () => (await ask('/spend/logs')).length === 4)
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

const chat = (key: string, extra: object = {}) =>
  call(gateway.url, '/v1/chat/completions', {
    key,
    body: { model: 'gpt', messages, max_tokens: 7, num_retries: 0, ...extra },
  })

async function ask(path: string, body?: object, key = masterKey) {
  const answer = await call(gateway.url, path, { key, ...(body === undefined ? {} : { body }) })
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`)
  return answer.json()
}

it('lists the ledger row by row, and by day', async () => {
  const rows = await ask(`/spend/logs?api_key=${ann.key}`)
  expect(rows).toHaveLength(2)
  expect(rows[1]).toMatchObject({
    ...{
      api_key: ann.token,
      user: 'ann',
      team_id: 'red',
      end_user: 'visitor',
      spend: 0.025,
      model_group: 'gpt',
    },
    ...{ prompt_tokens: 11, completion_tokens: 7, total_tokens: 18, status: 'success', cache_hit: 'False' },
  })
  const failed = (await ask(`/spend/logs?api_key=${bob.token}`)).find(
    (row: { status: string }) => row.status === 'failure',
  )
  // What its key says of it counts like what it says itself.
  expect(failed).toMatchObject({ spend: 0, request_tags: ['nightly'] })
  const period = `start_date=${today}&end_date=${today}`
  const [day] = await ask(`/spend/logs?${period}`)
  expect(day).toMatchObject({ startTime: today, users: { ann: 0.05 }, models: { gpt: 0.075 } })
  expect(day.spend).toBeCloseTo(0.075)
  expect(await ask(`/spend/logs?${period}&user_id=ann`)).toMatchObject([
    { spend: 0.05, users: { ann: 0.05 } },
  ])
  expect(await ask(`/spend/logs?${period}&summarize=false`)).toHaveLength(4)
  expect(await ask('/spend/logs?start_date=2020-01-01&end_date=2020-01-02')).toEqual([])
  expect(await ask('/spend/logs/v2?page=2&page_size=3')).toMatchObject({
    ...{ total: 4, page: 2, page_size: 3, total_pages: 2, data: [{}] },
  })
})

it('shows somebody who is no admin only what is their own', async () => {
  expect(await ask('/spend/logs', undefined, ann.key)).toHaveLength(2)
  expect(await ask(`/spend/logs?user_id=somebody&api_key=${ann.token}`, undefined, ann.key)).toHaveLength(2)
  expect(await ask('/spend/logs', undefined, bob.key)).toHaveLength(2)
  expect(await ask(`/spend/logs?api_key=${ann.token}`, undefined, bob.key)).toHaveLength(2)
  for (const path of ['/spend/keys', '/global/spend', '/llmrouter/spend/report'])
    expect((await call(gateway.url, path, { key: ann.key })).status).toBe(403)
})

it('sums up by key, user, tag, team and model', async () => {
  const [first, second] = await ask('/spend/keys')
  expect(first).toMatchObject({ token: ann.token, key_alias: 'of-ann', spend: 0.05 })
  expect(second).toMatchObject({ token: bob.token, spend: 0.025 })
  expect(await ask('/spend/users')).toEqual([{ user_id: 'ann', spend: 0.05 }])
  expect(await ask('/global/spend')).toMatchObject({ spend: 0.075, max_budget: 50 })
  expect(await ask('/global/spend/keys?limit=1')).toMatchObject([{ api_key: ann.token, total_spend: 0.05 }])
  expect(await ask('/global/spend/teams')).toMatchObject({
    ...{ teams: ['Red'], daily_spend: [{ date: today, Red: 0.05 }] },
    total_spend_per_team: [{ team_id: 'Red', total_spend: 0.05 }],
  })
  expect(await ask('/global/spend/models')).toEqual([{ model: 'gpt', total_spend: 0.075 }])
  expect(await ask('/global/spend/logs')).toMatchObject([{ date: today, spend: 0.075 }])
  const period = `start_date=${today}&end_date=${today}`
  expect(await ask(`/global/spend/report?${period}`)).toMatchObject([
    { group_by_day: today, teams: [{ team_name: 'Red', total_spend: 0.05, total_tokens: 36 }] },
  ])
  expect(await ask(`/global/spend/report?${period}&group_by=customer`)).toMatchObject([
    { customers: [{ customer: 'visitor', total_spend: 0.025 }] },
  ])
  expect(await ask(`/global/spend/report?${period}&group_by=api_key`)).toMatchObject([
    { api_key: ann.token, total_cost: 0.05, total_input_tokens: 22, total_output_tokens: 14 },
    { api_key: bob.token, total_cost: 0.025 },
  ])
  expect(await ask('/global/activity')).toMatchObject({
    ...{ sum_api_requests: 4, sum_total_tokens: 54, daily_data: [{ date: today, api_requests: 4 }] },
  })
  expect(await ask('/global/activity/model')).toMatchObject([{ model: 'gpt', sum_api_requests: 4 }])
  expect(await ask('/global/activity/exceptions')).toMatchObject({ sum_num_exceptions: 1 })
  expect((await call(gateway.url, '/global/spend/report?start_date=x', { key: masterKey })).status).toBe(400)
})

it('says what a call would cost', async () => {
  const response = { model: 'gpt', usage: { prompt_tokens: 10, completion_tokens: 5 } }
  expect(await ask('/spend/calculate', { completion_response: response })).toEqual({ cost: 0.02 })
  expect((await ask('/spend/calculate', { model: 'gpt', messages })).cost).toBeGreaterThan(0)
})

const days = `start_date=${today}&end_date=${today}`

it('tells activity by day, and who and what it was', async () => {
  const { results, metadata } = await ask(`/user/daily/activity?${days}`)
  expect(results).toMatchObject([
    {
      date: today,
      metrics: {
        api_requests: 4,
        successful_requests: 3,
        failed_requests: 1,
        prompt_tokens: 33,
        total_tokens: 54,
      },
      breakdown: {
        model_groups: { gpt: { metrics: { api_requests: 4 } } },
        providers: { openai: { metrics: { api_requests: 4 } } },
        endpoints: { acompletion: { metrics: { api_requests: 4 } } },
        api_keys: {
          [ann.token]: { metrics: { spend: 0.05 }, metadata: { key_alias: 'of-ann', team_id: 'red' } },
        },
        entities: { ann: { metrics: { spend: 0.05 } }, Unassigned: { metrics: { api_requests: 2 } } },
      },
    },
  ])
  expect(results[0].metrics.spend).toBeCloseTo(0.075)
  expect(metadata).toMatchObject({
    total_api_requests: 4,
    total_tokens: 54,
    page: 1,
    total_pages: 1,
    has_more: false,
  })
  const of = async (path: string) => (await ask(`${path}&${days}`)).results[0]?.metrics
  expect(await of('/team/daily/activity?team_ids=red,blue')).toMatchObject({ spend: 0.05, api_requests: 2 })
  expect(await of('/customer/daily/activity?')).toMatchObject({ spend: 0.025 })
  expect(await of('/end_user/daily/activity?end_user_ids=visitor')).toMatchObject({ spend: 0.025 })
  expect(await of('/tag/daily/activity?tags=lab,other')).toMatchObject({ api_requests: 1, spend: 0.025 })
  expect(await of('/organization/daily/activity?')).toBeUndefined()
  expect(await of(`/user/daily/activity?api_key=${bob.key}`)).toMatchObject({ api_requests: 2 })
  expect(await of('/user/daily/activity?model=no-such')).toBeUndefined()
  const { results: teams } = await ask(`/team/daily/activity?${days}`)
  expect(teams[0].breakdown.entities.red.metadata).toEqual({ team_alias: 'Red' })
  expect((await ask('/user/daily/activity?start_date=2020-01-01&end_date=2020-02-01')).results).toEqual([])
  expect((await ask(`/user/daily/activity?${days}&page=2`)).results).toEqual([])
})

it('shows activity of others to nobody else, and says which days it needs', async () => {
  const own = await ask(`/user/daily/activity?${days}`, undefined, ann.key)
  expect(own.results).toMatchObject([{ metrics: { spend: 0.05 } }])
  const statusOf = async (path: string, key = ann.key) => (await call(gateway.url, path, { key })).status
  expect(await statusOf(`/user/daily/activity?${days}&user_id=bob`)).toBe(403)
  expect(await statusOf(`/team/daily/activity?${days}&team_ids=red`)).toBe(403)
  expect((await ask(`/tag/daily/activity?${days}`, undefined, ann.key)).results).toEqual([])
  for (const query of [
    '',
    'start_date=x&end_date=y',
    'start_date=2026-02-01&end_date=2026-01-01',
    `${days}&timezone=x`,
  ])
    expect(await statusOf(`/user/daily/activity?${query}`, masterKey), query).toBe(400)
})

it('estimates what requests of a size would cost', async () => {
  const body = { model: 'gpt', input_tokens: 1_000, output_tokens: 500, num_requests_per_day: 10 }
  expect(await ask('/cost/estimate', body, bob.key)).toMatchObject({
    ...{ model: 'gpt', cost_per_request: 2, input_cost_per_request: 1, output_cost_per_request: 1 },
    ...{ margin_cost_per_request: 0, daily_cost: 20, daily_input_cost: 10, monthly_cost: null },
    ...{ input_cost_per_token: 0.001, output_cost_per_token: 0.002, provider: 'openai' },
  })
  const cached = await ask('/cost/estimate', { ...body, cache_read_input_tokens: 400, reasoning_tokens: 100 })
  expect(cached).toMatchObject({
    cost_per_request: 2,
    cache_read_cost_per_request: 0.4,
    reasoning_cost_per_request: 0.2,
  })
  const refused = async (changes: object) =>
    (await call(gateway.url, '/cost/estimate', { key: masterKey, body: { ...body, ...changes } })).status
  expect(await refused({ cache_read_input_tokens: 2_000 })).toBe(422)
  expect(await refused({ model: 'no-such' })).toBeGreaterThanOrEqual(400)
})

it('reports everything at once, with what the dearest model would have cost', async () => {
  const report = await ask('/llmrouter/spend/report')
  expect(report).toMatchObject({
    ...{ status: 'success', spend_tracking_enabled: true, persisted: true, model_count: 1 },
    ...{ total_cost_usd: 0.075, total_input_tokens: 33, total_output_tokens: 21, total_requests: 4 },
    by_scope: { user: { ann: { cost_usd: 0.05, requests: 2 } }, team: { red: { cost_usd: 0.05 } } },
    by_model: { gpt: { cost_usd: 0.075 } },
    daily: [{ date: today, cost_usd: 0.075 }],
    models: [{ model: 'gpt', BaselineModel: 'dear', ActualCost: 0.075, BaselineCost: 0.75, Currency: 'USD' }],
  })
})

it('lets keys and teams begin anew, and keeps the ledger', async () => {
  const dear = { model: 'dear' }
  const poor = await gateway.createKey({ max_budget: 0.01 })
  expect((await chat(poor.key, dear)).status).toBe(200)
  await waitUntil('the budget is spent', async () => (await chat(poor.key, dear)).status === 429)
  expect((await call(gateway.url, '/global/spend/reset', { key: ann.key, method: 'POST' })).status).toBe(403)
  expect(await ask('/global/spend/reset', {})).toMatchObject({ status: 'success' })
  expect((await ask(`/key/info?key=${ann.token}`)).info.spend).toBe(0)
  expect((await ask('/team/info?team_id=red')).team_info.spend).toBe(0)
  expect((await chat(poor.key, dear)).status).toBe(200)
  await waitUntil('the ledger has both', async () => (await ask('/global/spend')).spend > 0.5)
})

it('is counted and not reported where reports are switched off', async () => {
  const silent = await startGateway({
    config: {
      model_list: [
        deployment('cheap', upstream.openaiBase, {
          input_cost_per_token: 0.001,
          output_cost_per_token: 0.002,
        }),
      ],
    },
    env: { ROUTEIQ_PERSISTED_SPEND: 'false' },
  })
  try {
    const { key } = await silent.createKey({ max_budget: 0.001 })
    const say = () => call(silent.url, '/v1/chat/completions', { key, body: { model: 'cheap', messages } })
    expect((await say()).status).toBe(200)
    await waitUntil('the budget is spent', async () => (await say()).status === 429)
    const paths = [
      '/spend/logs',
      '/spend/keys',
      '/global/spend',
      '/global/activity',
      '/llmrouter/spend/report',
      '/user/daily/activity',
    ]
    for (const path of paths) expect((await call(silent.url, path, { key: masterKey })).status).toBe(404)
    expect((await call(silent.url, `/key/info?key=${key}`, { key: masterKey })).status).toBe(200)
  } finally {
    await silent.stop()
  }
})

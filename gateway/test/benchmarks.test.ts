import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { type Gateway, type IssuedKey, startGateway } from './harness/start-gateway.ts'

const model = (name: string, mock_response: string) => ({
  model_name: name,
  litellm_params: { model: `openai/${name}`, api_key: 'sk-x', mock_response },
})
const verdicts = JSON.stringify({ verdicts: [{ number: 1, passed: true, reason: 'it does' }] })
const suite = `cases:
  - { name: refund, prompt: My order broke, expectations: [Asks for the number] }
  - { name: script, prompt: Write a file, validators: [{ cmd: "touch /tmp/never" }] }
  - { name: near miss, prompt: What is the weather, should_trigger: false }
`
let gateway: Gateway
let key: IssuedKey

beforeAll(async () => {
  gateway = await startGateway({
    config: { model_list: [model('answerer', 'What is the number?'), model('judge', verdicts)] },
  })
  key = await gateway.createKey({ organization_id: 'acme' })
  const synced = await send('POST', '/skills/sync', {
    conflict_policy: 'local_wins',
    skills: [
      {
        name: 'refunds',
        description: 'How to refund an order.',
        body_markdown: '# Refunds\n\nAsk for the order number first, then look it up.',
        eval_yaml_text: suite,
      },
    ],
  })
  expect(synced.json()).toMatchObject({ created: 1 })
})
afterAll(() => gateway?.stop())

const send = (method: string, path: string, body?: object) =>
  call(gateway.url, `/api/v1${path}`, { method, key: key.key, ...(body === undefined ? {} : { body }) })

it('measures a skill with and without, asks the router, and runs no command', async () => {
  const run = await send(
    'POST',
    '/skills/refunds/benchmark/run?model=answerer&judge_model=judge&runs=2&triggered_by=ci',
  )
  expect(run.status).toBe(200)
  expect(run.json()).toMatchObject({
    verified: true,
    overall_verdict: 'pass',
    passed_cases: 2,
    total_cases: 2,
    triggered_by: 'ci',
    aggregate_metrics: {
      pass_rate: { with_skill: 1, without_skill: 1, delta_pts: 0 },
      error_dominated: false,
    },
    skipped_cases: [{ name: 'script' }],
    trigger: { cases: 1 },
  })
  await send('POST', '/skills/refunds/publish?category=support')
  expect((await send('GET', '/registry/skills/refunds/benchmark')).json().latest_run).toMatchObject({
    version_number: 1,
    is_latest_version: true,
  })
  expect((await send('GET', '/registry/skills/refunds/eval')).json()).toMatchObject({ case_count: 3 })
})

it('says what is wrong with a run, and stops at the quota', async () => {
  expect((await send('POST', '/skills/refunds/benchmark/run')).status).toBe(422)
  expect((await send('POST', '/skills/refunds/benchmark/run?model=answerer&runs=11')).status).toBe(422)
  const lost = await send('POST', '/skills/refunds/benchmark/run?model=nobody')
  expect(lost.json()).toMatchObject({
    overall_verdict: 'error',
    aggregate_metrics: { error_dominated: true },
  })
  await call(gateway.url, '/api/v1/quotas/acme', {
    method: 'PUT',
    key: gateway.masterKey,
    body: { plan: 'free', limits: { benchmark_cases_month: 0 } },
  })
  const refused = await send('POST', '/skills/refunds/benchmark/run?model=answerer')
  expect([refused.status, refused.headers['x-quota-exceeded']]).toEqual([429, 'benchmark_cases_month'])
})

it('keeps results from elsewhere as unverified', async () => {
  const arm = { passed: true, task_attempted: true, errored: false }
  const cases = [
    {
      case_name: 'refund',
      outcome: 'flip_to_pass',
      with_skill: arm,
      without_skill: { ...arm, passed: false },
    },
    { case_name: 'gone', outcome: 'pass_kept' },
  ]
  expect((await send('POST', '/skills/refunds/benchmark/import', { cases })).json()).toMatchObject({
    overall_verdict: 'pass',
    verified: false,
    imported_cases: 1,
    skipped_cases: ['gone'],
  })
  expect((await send('POST', '/skills/refunds/benchmark/import', { cases: [] })).status).toBe(422)
})

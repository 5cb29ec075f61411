import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

const decisions = 60
/** So many tell of the lift beyond doubt. */
const enough = 40

const post = (path: string, body: object): Promise<Answer> =>
  call(gateway.url, path, { key: masterKey, body })
const get = async (path: string) => (await call(gateway.url, path, { key: masterKey })).json()

/** What is asked goes well when the skill is offered, and badly when it is held back. */
async function live(): Promise<void> {
  const decide = async (): Promise<void> => {
    const { routing_id, holdout } = (
      await post('/api/v1/skills/route', { query: 'merge these pdf files into one' })
    ).json()
    const passed = holdout !== true
    const { status } = await post('/api/v1/traces', {
      ...{ id: randomUUID(), agent_name: 'helper', routing_id },
      skills_loaded_by_agent: passed ? ['merge-pdf'] : [],
      eval_scores: [{ name: 'correct', score: passed ? 1 : 0, passed }],
      llm_calls: [{ model_name: 'gpt-4o', output_tokens: 10 }],
    })
    expect(status).toBe(200)
  }
  for (let at = 0; at < decisions; at += 10) await Promise.all(Array.from({ length: 10 }, decide))
}

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const model = (name: string, price: number, quality_score: number): object =>
    deployment(
      name,
      upstream.openaiBase,
      { input_cost_per_token: price * 1e-6, output_cost_per_token: price * 1e-6 },
      { id: name, quality_score },
    )
  gateway = await startGateway({
    config: {
      model_list: [model('cheap', 1, 0.6), model('dear', 10, 0.8)],
      routeiq: { skills: { router: { holdout_rate: 0.5 } } },
    },
  })
  const description = 'Merges pdf files into one.'
  const body_markdown = '# Merge\n\nRead the files, put them behind each other, and check the result.'
  await post('/api/v1/skills', { name: 'merge-pdf', description, body_markdown })
  await live()
  const counted = async (): Promise<boolean> => {
    const rows: { name: string; lift: { offered_judged_count: number; holdout_judged_count: number } }[] = (
      await get('/api/v1/skills/analytics/metrics?window_days=30')
    ).skills
    const lift = rows.find(({ name }) => name === 'merge-pdf')?.lift ?? null
    return lift !== null && lift.offered_judged_count + lift.holdout_judged_count >= enough
  }
  // After a count that took long the next one is put off for five times as long.
  await waitUntil('trials are counted', counted, 120_000)
  // What a workspace has learned is read at its first question, then every minute.
  await gateway.restart()
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

interface Candidate {
  readonly model: string
  readonly q: number
  readonly cost_usd: number
  readonly components: Readonly<Record<string, number>>
}

const ask = async (members: object) =>
  (await post('/router/route', { query: 'do it for me, please', ...members })).json()

it('expects all models to do better with a skill that surely helps, so that a cheap one is good enough', async () => {
  const plain = await ask({ lambda: 0 })
  expect(plain.selected_model).toBe('dear')
  const candidates: readonly Candidate[] = plain.explain.candidates
  const of = (name: string): Candidate => candidates.find(({ model }) => model === name) as Candidate
  const gain = of('dear').q - of('cheap').q
  const dearer = (of('dear').cost_usd - of('cheap').cost_usd) / plain.explain.cost_ref_usd
  // The dear model is worth its price, but not by much.
  const lambda = (0.97 * gain) / dearer
  expect((await ask({ lambda })).selected_model).toBe('dear')
  const helped = await waitUntil('what was lived is known', async () => {
    const routed = await ask({ lambda, skills: ['merge-pdf'] })
    return routed.explain.skills[0]?.lift_logit > 0 ? routed : null
  })
  expect(helped.selected_model).toBe('cheap')
  for (const { components } of helped.explain.candidates as Candidate[])
    expect(components['skill']).toBeGreaterThan(0)
  expect((await ask({ lambda: 0, skills: ['merge-pdf'] })).selected_model).toBe('dear')
  expect((await ask({ lambda, skills: ['never-heard-of'] })).explain.skills[0].lift_logit).toBe(0)
})

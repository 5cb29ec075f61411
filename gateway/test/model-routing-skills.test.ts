import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

const config = (routing: object = {}): object => ({
  model_list: ['swift', 'steady'].map((name) =>
    deployment(
      name,
      upstream.openaiBase,
      { input_cost_per_token: 1e-6, output_cost_per_token: 1e-6 },
      { id: name, quality_score: 0.7 },
    ),
  ),
  routeiq: { routing },
})

const post = (path: string, body: object): Promise<Answer> =>
  call(gateway.url, path, { key: masterKey, body })

/** A skill that always went well under one model and never under the other. */
async function live(skill: string, good: string, bad: string): Promise<void> {
  await post('/api/v1/skills', {
    name: skill,
    description: `Does what ${skill} is for.`,
    body_markdown: `# ${skill}\n\nRead the request, do what it asks, and check the result before you answer.`,
  })
  const trace = (model: string, passed: boolean): Promise<Answer> =>
    post('/api/v1/traces', {
      ...{ id: randomUUID(), agent_name: 'helper', skills_loaded_by_agent: [skill] },
      eval_scores: [{ name: 'correct', score: passed ? 1 : 0, passed }],
      llm_calls: [{ model_name: model, output_tokens: 10 }],
    })
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => trace(index % 2 === 0 ? good : bad, index % 2 === 0)),
  )
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  await waitUntil('every activation is counted', async () => {
    const { overall } = (
      await call(gateway.url, `/api/v1/skills/${skill}/effectiveness`, { key: masterKey })
    ).json()
    return overall?.activation_count === answers.length
  })
}

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({ config: config() })
  await live('merge-pdf', 'steady', 'swift')
  await live('tell-weather', 'swift', 'steady')
  // What a workspace has learned is read at its first question, then every minute.
  await gateway.restart()
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

const ask = async (members: object) =>
  (await post('/router/route', { query: 'do it for me, please', profile: 'premium', ...members })).json()

it('chooses the model that the offered skill goes well with, and says why', async () => {
  const routed = await waitUntil('what was lived is known', async () => {
    const body = await ask({ skills: ['merge-pdf'] })
    return body.selected_model === 'steady' ? body : null
  })
  const [best, other] = routed.explain.candidates
  expect([best.model, other.model]).toEqual(['steady', 'swift'])
  expect(best.components.skill).toBeGreaterThan(0)
  expect(other.components.skill).toBeLessThan(0)
  expect(routed.explain.skills).toMatchObject([
    { skill: 'merge-pdf', version: null, n: 25, shifts: { steady: { n: 25 }, swift: { n: 25 } } },
  ])
  const [{ shifts, shift_logit }] = routed.explain.skills
  expect(shift_logit).toBe(shifts.steady.shift_logit)
  const versioned = await ask({ skills: [{ name: 'merge-pdf', version: 'v7' }] })
  expect(versioned.explain.skills).toMatchObject([{ skill: 'merge-pdf', version: 'v7', n: 25 }])
  expect((await post('/router/route', { query: 'x', skills: [{ version: 'v7' }] })).status).toBe(422)
  expect(shifts.steady.shift_logit).toBeGreaterThan(0.3)
  expect(shifts.swift.shift_logit).toBeLessThan(-0.3)
  expect((await ask({ skills: ['tell-weather'] })).selected_model).toBe('swift')
  const strange = await ask({ skills: ['never-heard-of'] })
  expect(
    strange.explain.candidates.map(({ components }: { components: { skill: number } }) => components.skill),
  ).toEqual([0, 0])
  const none = await ask({})
  expect(none.explain.skills).toEqual([])
})

it('does so for requests that name their skills, and for those of a decision about skills', async () => {
  const messages = [{ role: 'user', content: 'do it for me, please' }]
  const chat = (skill: string): Promise<Answer> =>
    call(gateway.url, '/v1/chat/completions', {
      key: masterKey,
      headers: { 'x-routeiq-skills': skill, 'x-routeiq-session-id': skill },
      body: { model: 'routeiq/premium', messages },
    })
  expect((await chat('merge-pdf')).headers['x-routeiq-selected-arm']).toBe('steady')
  expect((await chat('tell-weather')).headers['x-routeiq-selected-arm']).toBe('swift')
  const decided = await waitUntil('a decision about skills is kept', async () => {
    const body = (
      await post('/api/v1/skills/route', { query: 'merge pdf files and tell the weather' })
    ).json()
    return body.decision_persisted === true && body.skills.length > 0 ? body : null
  })
  // It is written a moment after its answer.
  const explain = await waitUntil(
    'the decision is found',
    async () => (await ask({ routing_id: decided.routing_id })).explain,
  )
  expect(explain.skills.length).toBe(decided.skills.length)
  for (const { version } of explain.skills) expect(version).toEqual(expect.any(String))
  expect((await post('/router/route', { query: 'x', routing_id: 'rt_none' })).json().error.code).toBe(
    'decision_not_found',
  )
})

it('does not where the operator does not want it', async () => {
  await gateway.reload(config({ skill_shift: false }))
  const routed = await ask({ skills: ['merge-pdf'] })
  expect(routed.explain.candidates[0].components).not.toHaveProperty('skill')
})

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers of many routes are looked into as they are
type Body = any

let gateway: Gateway
let ada: string
let eve: string

beforeAll(async () => {
  gateway = await startGateway({ config: {} })
  ada = (await gateway.createKey({ organization_id: 'ada' })).key
  eve = (await gateway.createKey({ organization_id: 'eve' })).key
})
afterAll(() => gateway?.stop())

async function api(
  method: string,
  path: string,
  body?: unknown,
  key = ada,
): Promise<{ status: number; body: Body }> {
  const answer = await fetch(`${gateway.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: await answer.json() }
}

const skill = (name: string, description: string) => ({
  name,
  description,
  body_markdown: `# ${name}\n\nRead the request, do what it asks, and check the result before you answer.`,
})

async function route(): Promise<Body> {
  return waitUntil('both skills are offered', async () => {
    const { body } = await api('POST', '/skills/route', { query: 'merge PDF files', agent_name: 'helper' })
    return body.skills.length === 2 && body.decision_persisted ? body : false
  })
}

it('joins what was offered with what was used and how well it went', async () => {
  await api('POST', '/skills', skill('acme/pdf', 'Merge, split and number PDF files.'))
  await api('POST', '/skills', skill('weather', 'Tell the weather of a city.'))
  const offer = await route()
  const { routing_id: id } = offer
  const open = (await api('GET', `/skills/routing/${id}`)).body
  expect(open).toMatchObject({
    routing_id: id,
    agent_name: 'helper',
    closed: false,
    activated: [],
    traces: [],
  })
  expect(open.offered.toSorted()).toEqual(['acme/pdf', 'weather'])
  expect(open).not.toHaveProperty('query')

  const trace = {
    id: randomUUID(),
    agent_name: 'helper',
    routing_id: id,
    skills_loaded_by_agent: ['acme/pdf'],
  }
  const sent = await api('POST', '/traces', {
    ...trace,
    llm_calls: [{ model_name: 'gpt-4o', output_tokens: 9 }],
  })
  expect(sent.status).toBe(200)
  const closed = (await api('GET', `/skills/routing/${id}`)).body
  expect(closed).toMatchObject({
    closed: true,
    activated: ['acme/pdf'],
    delivered: ['acme/pdf'],
    offered_not_activated: ['weather'],
    activated_not_offered: [],
    traces: [{ trace_id: trace.id, verdict: null, model_name: 'gpt-4o' }],
  })
  const row = closed.rows.find(({ name }: { name: string }) => name === 'acme/pdf')
  const pdf = offer.skills.find(({ name }: { name: string }) => name === 'acme/pdf')
  expect(row).toMatchObject({
    skill_id: pdf.skill_id,
    version_id: pdf.version_id,
    content_hash: pdf.content_hash,
    activated: true,
    evidence: 'loaded',
  })

  expect(
    (await api('POST', `/skills/routing/${id}/outcome`, { verdict: 'pass', source: 'app' })).body.status,
  ).toBe('ok')
  expect((await api('GET', `/traces/${trace.id}`)).body.eval_verdict).toBe('pass')
  const stats = await waitUntil('the decision is counted', async () => {
    const { body } = await api('GET', '/skills/acme/pdf/router-stats')
    return body.activated_count === 1 && body.closed_count >= 1 ? body : false
  })
  expect(stats).toMatchObject({ skill_name: 'acme/pdf', by_agent: [{ agent_name: 'helper' }] })
  const metrics = await waitUntil('the verdict is counted', async () => {
    const { skills } = (await api('GET', '/skills/analytics/metrics?agent_name=helper')).body
    const [pdf] = skills.filter(({ name }: { name: string }) => name === 'acme/pdf')
    return pdf?.pass_count === 1 ? pdf : false
  })
  expect(metrics).toMatchObject({
    name: 'acme/pdf',
    skill_id: pdf.skill_id,
    activation_count: 1,
    by_version: [{ content_hash: pdf.content_hash, version_number: 1, pass_count: 1 }],
  })
})

it('keeps the version of the moment of the offer', async () => {
  const offer = await route()
  const before = offer.skills.find(({ name }: { name: string }) => name === 'acme/pdf').content_hash
  const changed = {
    body_markdown: '# acme/pdf\n\nAnother text that is long enough to be a body of its own, and newer.',
  }
  expect((await api('PUT', '/skills/acme/pdf', changed)).status).toBe(200)
  const trace = { agent_name: 'helper', routing_id: offer.routing_id, active_skills: ['acme/pdf'] }
  await api('POST', '/traces', trace)
  await waitUntil('the activation is counted under the older version', async () => {
    const { skills } = (await api('GET', '/skills/analytics/metrics?skill_name=acme/pdf')).body
    const versions = skills[0].by_version as { content_hash: string; activation_count: number }[]
    return versions.find(({ content_hash }) => content_hash === before)?.activation_count === 2
  })
})

it('finds no decision of another tenant, and takes no outcome for it', async () => {
  const { routing_id: id } = await route()
  const foreign = await api('GET', `/skills/routing/${id}`, undefined, eve)
  const unknown = await api('GET', '/skills/routing/rt_ffffffffffffffffffffffff', undefined, eve)
  expect(foreign.status).toBe(404)
  expect(foreign.body.detail.replace(id, '')).toBe(unknown.body.detail.replace(/rt_f+/, ''))
  expect((await api('POST', `/skills/routing/${id}/outcome`, { verdict: 'fail' }, eve)).status).toBe(404)
  expect((await api('POST', `/skills/routing/${id}/outcome`, { verdict: 'maybe' })).status).toBe(422)
  // A trace that names it joins nothing there.
  await api('POST', '/traces', { agent_name: 'x', routing_id: id, active_skills: ['acme/pdf'] }, eve)
  expect((await api('GET', `/skills/routing/${id}`)).body.closed).toBe(false)
})

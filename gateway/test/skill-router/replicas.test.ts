import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPostgresDatabase } from '../src/storage/testing/test-databases.ts'
import { findTestServices } from '../src/storage/testing/test-services.ts'
import { call } from './harness/call-gateway.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

const instruction =
  'If one of the skills above fits the request, apply its instructions and give the user a direct, complete answer; never reply only by naming a skill.'
const topics = ['refund', 'invoice', 'poem', 'weather', 'forecast', 'ledger', 'tax', 'travel']
const bodyOf = (topic: string) =>
  `# ${topic}\n\nHow to deal with a ${topic}, step by step and in good order, whatever comes.`

const { databaseUrl } = await findTestServices()
const databases = ['embedded', ...(databaseUrl === null ? [] : ['postgresql'])]

/** Two gateways over one PostgreSQL, or two workers over the embedded database. */
async function startReplicas(kind: string): Promise<{ replicas: Gateway[]; stop(): Promise<void> }> {
  const config = { routeiq: { skills: { router: { explore_rate: 0 } } } }
  if (kind === 'embedded' || databaseUrl === null) {
    const gateway = await startGateway({ config, workers: 2 })
    return { replicas: [gateway], stop: async () => void (await gateway.stop()) }
  }
  const { url, drop } = await createPostgresDatabase(databaseUrl)
  const env = { DATABASE_URL: url }
  const first = await startGateway({ config, env })
  const second = await startGateway({ config, env })
  return {
    replicas: [first, second],
    stop: async () => {
      await first.stop()
      await second.stop()
      await drop()
    },
  }
}

describe.each(databases)('the Skill Router over HTTP, %s', (kind) => {
  let replicas: Gateway[]
  let stop: () => Promise<void>
  let gateway: Gateway
  let acme: string
  let globex: string

  const send = (
    method: string,
    path: string,
    options: { body?: object; key?: string; headers?: Record<string, string>; to?: Gateway } = {},
  ) =>
    call((options.to ?? gateway).url, `/api/v1${path}`, {
      method,
      key: options.key ?? acme,
      headers: options.headers ?? {},
      ...(options.body === undefined ? {} : { body: options.body }),
    })
  const create = async (name: string, members: object = {}, key = acme) => {
    const body = { name, description: `Handles a ${name}.`, body_markdown: bodyOf(name), ...members }
    const answer = await send('POST', '/skills', { body, key })
    expect(answer.status, answer.text).toBe(200)
    return answer.json()
  }
  const route = async (query: string, members: object = {}, options: object = {}) =>
    (await send('POST', '/skills/route', { body: { query, ...members }, ...options })).json()
  const menu = async (query = '', options: object = {}) =>
    (await send('GET', `/skills/menu${query}`, options)).json()
  const namesOf = (skills: readonly { name: string }[]) => skills.map(({ name }) => name)

  beforeAll(async () => {
    ;({ replicas, stop } = await startReplicas(kind))
    gateway = replicas[0] as Gateway
    acme = (await gateway.createKey({ organization_id: 'acme' })).key
    globex = (await gateway.createKey({ organization_id: 'globex' })).key
  })
  afterAll(() => stop?.())

  it('answers a workspace without skills with an empty menu that has an id', async () => {
    for (const envelope of [await menu(), await route('anything')]) {
      expect(envelope).toMatchObject({
        strategy: 'full_menu',
        prompt_fragment: '',
        skills: [],
        stable_menu: '',
        stable_menu_skills: [],
        routing_hint: '',
        menu_instruction: instruction,
        skill_count: 0,
        rows_total: 0,
      })
      expect(envelope.routing_id).toMatch(/^rt_[0-9a-f]{24}$/)
      expect(envelope.degraded_reason).toBeUndefined()
    }
  })

  it('offers a small catalogue whole, the best match first, in both generations of the answer', async () => {
    await create('refund', { category: 'Money' })
    await create('acme/poem', { description: 'Writes | verses\nof every kind.' })
    const seen = async () => ((await menu()).skill_count === 2 ? true : null)
    await waitUntil('both skills are offered', seen)
    const fragment =
      '## Available Skills\n\n| Skill | Description |\n|-------|-------------|\n' +
      '| acme/poem | Writes \\| verses of every kind. |\n| refund | Handles a refund. |\n'
    await waitUntil('every worker offers both', async () => (await route('x')).skill_count === 2)
    const answer = await send('POST', '/skills/route', { body: { query: 'I want a refund', surprise: 1 } })
    const envelope = answer.json()
    expect(envelope).toMatchObject({
      strategy: 'full_menu',
      prompt_fragment: `${fragment}\n${instruction}\n`,
      stable_menu: fragment,
      stable_menu_skills: ['acme/poem', 'refund'],
      routing_hint: 'Best matches for this request: refund.',
      abstained: false,
      decision_persisted: true,
    })
    expect(namesOf(envelope.skills)).toEqual(['refund', 'acme/poem'])
    expect(envelope.skills[0]).toMatchObject({ rank: 1, selected: true, version: 1, category: 'Money' })
    expect(envelope.skills[0].content_hash).toMatch(/^[0-9a-f]{64}$/)
    expect(JSON.stringify(envelope)).not.toContain('step by step')
    expect(answer.headers['server-timing']).toMatch(
      /^scope;dur=[\d.]+, embed;dur=[\d.]+, retrieve;dur=[\d.]+, rerank;dur=[\d.]+, render;dur=[\d.]+$/,
    )
  })

  it('answers 304 to who has the menu, until it changes', async () => {
    const first = await send('GET', '/skills/menu')
    const etag = first.headers['etag'] ?? ''
    const same = await send('GET', '/skills/menu', { headers: { 'if-none-match': `"x", ${etag}` } })
    expect(same).toMatchObject({ status: 304, text: '' })
    expect((await menu()).routing_id).not.toBe(first.json().routing_id)
    await create('tax')
    const changed = async () =>
      (await send('GET', '/skills/menu', { headers: { 'if-none-match': etag } })).status === 200
    await waitUntil('the menu has changed', changed)
  })

  it('picks from a large catalogue, and gives the same stable bytes to different requests', async () => {
    for (const topic of topics.filter((name) => name !== 'refund' && name !== 'tax')) await create(topic)
    for (let index = 0; index < 30; index += 1) await create(`filler-${index}`)
    for (const to of replicas)
      await waitUntil('all is indexed', async () => (await route('x', {}, { to })).rows_total === 39)
    await waitUntil('all is indexed everywhere', async () => {
      const totals = await Promise.all(Array.from({ length: 8 }, () => route('weather')))
      return totals.every(({ rows_total }) => rows_total === 39)
    })
    const weather = await route('what will the weather be', { top_k: 3, explain: true })
    expect(weather.strategy).toBe('smart_routing')
    expect(weather.skills[0].name).toBe('weather')
    expect(weather.prompt_fragment).toMatch(
      /^## Recommended Skills\n\n\| Skill \| Description \| Relevance \|\n/,
    )
    expect(weather.explain.rows[0]).toMatchObject({ name: 'weather', propensity: 1, offered: true })
    const invoice = await route('pay the invoice', { top_k: 3 })
    expect(invoice.stable_menu).toBe(weather.stable_menu)
    expect(invoice.menu_instruction).toBe(weather.menu_instruction)
    expect(invoice.routing_hint).toMatch(/^Best matches for this request: invoice/)
    expect(invoice.routing_id).not.toBe(weather.routing_id)
  })

  it('honours the knobs of a call', async () => {
    expect((await menu('?max_menu_size=3')).skill_count).toBe(3)
    expect((await route('weather forecast', { max_menu_size: 1 })).skill_count).toBe(1)
    expect(namesOf((await route('weather forecast', { exclude: ['weather'] })).skills)).not.toContain(
      'weather',
    )
    expect(namesOf((await route('a refund', { category: 'MONEY' })).skills)).toEqual(['refund'])
    const dry = await route('weather', { dry_run: true })
    expect(dry).toMatchObject({ routing_id: null, decision_persisted: false })
    expect(await route('weather', { min_relevance: 1, exclude: topics })).toMatchObject({
      skills: [],
      abstained: true,
      routing_hint: '',
      prompt_fragment: '',
    })
    const plain = await route('weather', { include_attachments: false })
    expect(plain.skills[0]).not.toHaveProperty('attachments')
  })

  it('refuses what it cannot understand, and a wrong key, with words', async () => {
    const bad = await send('POST', '/skills/route', { body: { top_k: 51 } })
    expect(bad.status).toBe(422)
    expect(bad.json().detail).toMatchObject([{ loc: ['body', 'query'] }, { loc: ['body', 'top_k'] }])
    expect((await send('GET', '/skills/menu?max_menu_size=none')).status).toBe(422)
    for (const path of ['/skills/menu', '/skills/snapshot', '/router/health', '/skills/refund/body']) {
      const refused = await send('GET', path, { key: 'sk-nobody' })
      expect(refused.status).toBe(401)
      expect(refused.json()).toMatchObject({ code: 'invalid_api_key' })
    }
  })

  it('gives a repeated call with one Idempotency-Key the same answer', async () => {
    const headers = { 'idempotency-key': 'turn-1', connection: 'keep-alive' }
    const first = await route('weather', {}, { headers })
    expect((await route('weather', {}, { headers })).routing_id).toBe(first.routing_id)
    const other = await route('weather', {}, { headers: { 'idempotency-key': 'turn-2' } })
    expect(other.routing_id).not.toBe(first.routing_id)
    const ofGlobex = await route('weather', {}, { headers, key: globex })
    expect(ofGlobex.routing_id).not.toBe(first.routing_id)
  })

  it('gives the body of a skill, whole or cut', async () => {
    const whole = (await send('GET', '/skills/acme/poem/body')).json()
    expect(whole).toMatchObject({
      name: 'acme/poem',
      body: bodyOf('acme/poem'),
      truncated: false,
      total_chars: bodyOf('acme/poem').length,
      content_hash_matches_body: true,
      attachments: [],
    })
    const cut = (await send('GET', '/skills/acme/poem/body?max_chars=20')).json()
    expect(cut).toMatchObject({ truncated: true, content_hash_matches_body: false })
    expect(cut.content_hash).toBe(whole.content_hash)
    expect(cut.body).toMatch(
      /\n\n\[\.\.\. truncated \d+ of \d+ chars — request without max_chars for the full body\]$/,
    )
    expect((await send('GET', '/skills/nothing/body')).status).toBe(404)
  })

  it('keeps each decision, with what was offered and why', async () => {
    const { routing_id, skills } = await route('what will the weather be', { agent_name: 'helper' })
    const found = await waitUntil('the decision can be read', async () => {
      const answer = await send('GET', `/skills/routing/${routing_id}`)
      return answer.status === 200 ? answer.json() : null
    })
    expect(found).toMatchObject({
      routing_id,
      strategy: 'smart_routing',
      agent_name: 'helper',
      holdout: false,
    })
    expect(found.offered).toEqual(namesOf(skills))
  })

  it('hands out everything an edge cache needs', async () => {
    const answer = await send('GET', '/skills/snapshot?bodies=all')
    const { skills, stable_menu, catalogue_digest } = answer.json()
    expect(namesOf(skills)).toContain('acme/poem')
    expect(skills.find(({ name }: { name: string }) => name === 'refund').body).toBe(bodyOf('refund'))
    expect(stable_menu).toMatch(/^## Available Skills\n/)
    expect(catalogue_digest).toMatch(/^[0-9a-f]{32}$/)
    const again = await send('GET', '/skills/snapshot?bodies=all', {
      headers: { 'if-none-match': answer.headers['etag'] ?? '' },
    })
    expect(again.status).toBe(304)
  })

  it('keeps workspaces apart', async () => {
    const secret = await create('secret-of-globex', { description: 'Weather of globex.' }, globex)
    const own = async () => namesOf((await route('weather', {}, { key: globex })).skills)
    await waitUntil('globex sees its skill', async () => (await own()).includes('secret-of-globex'))
    expect(await own()).toEqual(['secret-of-globex'])
    const { routing_id } = await route('weather', {}, { key: globex })
    expect((await route('weather')).stable_menu_skills).not.toContain('secret-of-globex')
    for (const reference of ['secret-of-globex', secret.skill_id]) {
      const foreign = await send('GET', `/skills/${reference}/body`)
      const unknown = await send('GET', '/skills/never-heard-of/body')
      expect([foreign.status, foreign.json().code]).toEqual([unknown.status, unknown.json().code])
    }
    expect((await send('GET', `/skills/routing/${routing_id}`)).status).toBe(404)
    const health = (await send('GET', '/router/health', { key: globex })).json()
    expect(health.indexes.every((index: { workspace_id: string }) => index.workspace_id === 'globex')).toBe(
      true,
    )
    expect((await send('GET', '/skills/menu', { headers: { 'x-workspace-id': 'globex' } })).status).toBe(403)
    const asAdmin = { key: gateway.masterKey, headers: { 'x-workspace-id': 'globex' } }
    expect((await menu('', asAdmin)).stable_menu_skills).toEqual(['secret-of-globex'])
  })

  it('shows a change on every replica within a second', async () => {
    const started = Date.now()
    await create('brand-new')
    for (const to of replicas) {
      const isOffered = async () => (await menu('', { to })).stable_menu_skills.includes('brand-new')
      await waitUntil('the new skill is offered', isOffered, 5_000)
    }
    await send('DELETE', '/skills/brand-new')
    for (const to of replicas) {
      const isGone = async () => !(await menu('', { to })).stable_menu_skills.includes('brand-new')
      await waitUntil('the deleted skill is gone', isGone, 5_000)
    }
    expect(Date.now()).toBeGreaterThan(started)
  })
})

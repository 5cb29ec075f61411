import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { listDatabases } from './harness/databases.ts'
import { deployment } from './harness/deployments.ts'
import { type ScriptedUpstream, type Step, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

const topics = ['refund money', 'invoice bill', 'holiday leave']
const meaningOf = (text: string): number[] => topics.map((words) => (mentions(text, words) ? 1 : 0.01))
const mentions = (text: string, words: string): boolean =>
  [...words.split(' '), ...(words.includes('refund') ? ['reimburse'] : [])].some((word) =>
    text.toLowerCase().includes(word),
  )

/** Embeds as OpenAI does, by three topics. */
const embedding: Step = async ({ request, response }) => {
  const { input } = JSON.parse(request.body) as { input: string | string[] }
  const data = [input].flat().map((text, index) => ({
    object: 'embedding',
    index,
    embedding: meaningOf(text),
  }))
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(
    JSON.stringify({ object: 'list', data, model: 'embedder', usage: { prompt_tokens: 1, total_tokens: 1 } }),
  )
}
const failing: Step = ({ response }) => {
  response.writeHead(500, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ error: { message: 'out of order', type: 'server_error' } }))
}
const silent: Step = () => {}

describe.each(await listDatabases())('the Skill Router over $name', ({ create }) => {
  let upstream: ScriptedUpstream
  let database: Awaited<ReturnType<typeof create>>
  let gateway: Gateway
  let key: string

  const config = (router: object) => ({
    model_list: [deployment('vectors', upstream.openaiBase, { model: 'openai/embedder' })],
    router_settings: { num_retries: 0, disable_cooldowns: true },
    routeiq: { skills: { router } },
  })
  const byModel = { embedding_model: 'vectors', embedding_dimensions: 3 }
  const send = (method: string, path: string, body?: object) =>
    call(gateway.url, `/api/v1${path}`, { method, key, ...(body === undefined ? {} : { body }) })
  const route = async (query: string) => (await send('POST', '/skills/route', { query })).json()
  const firstOf = (answer: { skills: { name: string }[] }) => answer.skills[0]?.name
  const restartWith = async (router: object): Promise<void> => {
    gateway.writeConfig(config(router))
    await gateway.restart()
    await waitUntil('skills are ranked', async () => (await route('refund')).strategy === 'smart_routing')
  }

  beforeAll(async () => {
    upstream = await startScriptedUpstream()
    upstream.script('embedder', embedding)
    database = await create()
    gateway = await startGateway({ config: config(byModel), env: database.env })
    key = (await gateway.createKey({ organization_id: 'acme' })).key
    const skill = (name: string, about: string) => ({
      name,
      description: about,
      body_markdown: `# ${name}\n\nGo on step by step until all of it is done, then tell what was done.`,
    })
    const others = Array.from({ length: 40 }, (_, n) => skill(`other-${n}`, `Work of the kind number ${n}.`))
    const known = [skill('refund', 'Give refund money.'), skill('invoice', 'Write an invoice bill.')]
    const synced = await send('POST', '/skills/sync', { skills: [...known, ...others] })
    expect(synced.json()).toMatchObject({ created: 42, failures: 0 })
  })
  afterAll(async () => {
    await gateway?.stop()
    await database?.remove()
    await upstream?.close()
  })

  it('finds by the meaning a model of the gateway gives, and embeds anew on demand', async () => {
    await waitUntil('the skills have their vectors', async () => {
      const answer = await route('reimburse what was bought')
      return firstOf(answer) === 'refund' && answer.degraded_reason === undefined
    })
    expect((await send('GET', '/router/health')).json()).toMatchObject({
      status: 'ok',
      embedder: { kind: 'model', model: 'vectors', available: true },
    })
    const before = upstream.requestsFor('embedder').length
    expect((await send('POST', '/skills/reembed', {})).json()).toEqual({
      ...{ status: 'ok', reembedded: 42, skipped: 0, target_model: 'vectors' },
    })
    expect(upstream.requestsFor('embedder').length).toBeGreaterThan(before)
    const other = await send('POST', '/skills/reembed', { target_model: 'another' })
    expect([other.status, other.json().details.errors[0].field]).toEqual([422, 'target_model'])
    const spread = JSON.stringify(
      upstream.requestsFor('embedder').map(({ body, rawHeaders }) => [body, rawHeaders]),
    )
    expect(spread).not.toContain(key)
  })

  it.each([
    ['fails', failing],
    ['is silent', silent],
  ])('goes on by words when the embedder %s, says so, and recovers', async (what, step) => {
    upstream.script('embedder', step)
    const degraded = await route(`an invoice for what ${what}`)
    expect([degraded.degraded_reason, degraded.strategy, firstOf(degraded)]).toEqual([
      'embedder_unavailable',
      'smart_routing',
      'invoice',
    ])
    expect(degraded.decision_persisted).toBe(true)
    const metrics = await call(gateway.url, '/metrics', { key: gateway.masterKey })
    expect(metrics.text).toMatch(
      /^routeiq_skill_router_degraded_total\{reason="embedder_unavailable"\} [1-9]/m,
    )
    upstream.script('embedder', embedding)
    expect((await route(`an invoice once more when it ${what}`)).degraded_reason).toBeUndefined()
  })

  it('tells who asks for new vectors that the model does not answer', async () => {
    upstream.script('embedder', failing)
    const refused = await send('POST', '/skills/reembed')
    expect([refused.status, refused.json().detail]).toEqual([502, expect.stringContaining('vectors')])
    expect((await send('GET', '/router/health')).json()).toMatchObject({ embedder: { available: false } })
    upstream.script('embedder', embedding)
  })

  it('offers the full menu without an embedding where it is told to', async () => {
    gateway.writeConfig(config({ ...byModel, on_embedder_missing: 'full_menu' }))
    await gateway.restart()
    await waitUntil('all is well', async () => (await route('refund it')).strategy === 'smart_routing')
    upstream.script('embedder', failing)
    expect(await route('an invoice, please')).toMatchObject({
      strategy: 'full_menu',
      degraded_reason: 'embedder_unavailable',
      skill_count: 42,
    })
    upstream.script('embedder', embedding)
  })

  it('needs no network without an embedder, and that is no fault', async () => {
    await restartWith({ embedder: 'none' })
    upstream.reset()
    const answer = await route('an invoice, please')
    expect([answer.degraded_reason, firstOf(answer)]).toEqual([undefined, 'invoice'])
    expect((await send('GET', '/router/health')).json().embedder).toEqual({ kind: 'none', available: true })
    expect((await send('POST', '/skills/reembed', {})).json()).toMatchObject({ reembedded: 0, skipped: 42 })
    expect(upstream.requests).toEqual([])
  })

  it('gives an id that nothing can be joined to while decisions cannot be written', async () => {
    const { DATABASE_URL: url } = database.env
    if (url === undefined) return
    const client = new Client({ connectionString: url })
    await client.connect()
    await client.query('ALTER TABLE routing_decisions RENAME TO away')
    const lost = await waitUntil('the failure is noticed', async () => {
      const answer = await route('an invoice, please')
      return answer.decision_persisted === false ? answer : null
    })
    expect(lost).toMatchObject({ degraded_reason: 'decision_write_failed' })
    expect(lost.routing_id).toMatch(/^rt_[0-9a-f]{24}$/)
    expect(firstOf(lost)).toBe('invoice')
    await client.query('ALTER TABLE away RENAME TO routing_decisions')
    await client.end()
    await waitUntil('decisions are written again', async () => (await route('an invoice')).decision_persisted)
  })

  it('keeps the order of the match while what is known of success cannot be read', async () => {
    const { DATABASE_URL: url } = database.env
    if (url === undefined) return
    const client = new Client({ connectionString: url })
    await client.connect()
    await client.query('ALTER TABLE effectiveness_rollup RENAME TO away')
    await gateway.restart()
    const degraded = await waitUntil('the failure is noticed', async () => {
      const answer = await route('an invoice, please')
      return answer.degraded_reason === 'effectiveness_unavailable' ? answer : null
    })
    expect([degraded.strategy, firstOf(degraded)]).toEqual(['smart_routing', 'invoice'])
    await client.query('ALTER TABLE away RENAME TO effectiveness_rollup')
    await client.end()
    const isWell = async () => (await route('an invoice, please')).degraded_reason === undefined
    await waitUntil('it is read again', isWell, 30_000)
  }, 60_000)

  it('never answers a wrong key with an empty menu', async () => {
    for (const [method, path] of [
      ['GET', '/skills/menu'],
      ['POST', '/skills/route'],
      ['GET', '/skills/refund/body'],
      ['GET', '/skills/snapshot'],
    ] as const) {
      const body = method === 'POST' ? { body: { query: 'x' } } : {}
      const refused = await call(gateway.url, `/api/v1${path}`, { method, key: 'sk-nobodys', ...body })
      expect([path, refused.status]).toEqual([path, 401])
    }
  })

  it('marks a body that is cut, and has none for what does not exist', async () => {
    const whole = (await send('GET', '/skills/refund/body')).json()
    const cut = (await send('GET', '/skills/refund/body?max_chars=20')).json()
    expect(whole).toMatchObject({ truncated: false, content_hash_matches_body: true })
    expect(cut).toMatchObject({
      truncated: true,
      content_hash_matches_body: false,
      total_chars: whole.total_chars,
    })
    expect(cut.content_hash).toBe(whole.content_hash)
    expect(cut.body).toContain('[... truncated')
    expect((await send('GET', '/skills/no-such-skill/body')).status).toBe(404)
  })
})

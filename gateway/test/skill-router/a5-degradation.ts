import { describe, expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { embedByTopic, embedLate, embedNothing, failEmbedding } from './embedding-upstream.ts'
import { type Body, namesOf, type Stage, type Workspace } from './stage.ts'

const known = [
  { name: 'refund', description: 'Give refund money.' },
  { name: 'invoice', description: 'Write an invoice bill.' },
]
const others = Array.from({ length: 40 }, (_, n) => ({
  name: `other-${n}`,
  description: `Work of the kind number ${n}.`,
}))

/** Every row of the degradation table; none of them may reach the caller as an error. */
export function describeDegradation(stage: () => Stage): void {
  const openLarge = async (name: string): Promise<Workspace> => {
    const workspace = await stage().open(name)
    await workspace.sync([...known, ...others])
    return workspace
  }
  const counted = async (reason: string): Promise<void> => {
    const { gateway } = stage()
    const { text } = await call(gateway.url, '/metrics', { key: gateway.masterKey })
    expect(text).toMatch(
      new RegExp(`^routeiq_skill_router_degraded_total\\{reason="${reason}"\\} [1-9]`, 'm'),
    )
    const warned = gateway
      .stdout()
      .split('\n')
      .filter((line) => line.includes(`"reason":"${reason}"`))
    expect(warned.length, `warnings of ${reason}`).toBeLessThanOrEqual(1)
  }
  const isWell = (workspace: Workspace) =>
    waitUntil('all is well again', async () => {
      const answer = await workspace.route('an invoice, please')
      return answer.degraded_reason === undefined && answer.decision_persisted
    })

  describe('the index cannot be read: the full menu, without bodies and restricted skills', () => {
    it('and the whole answer again once it can', async () => {
      const workspace = await stage().open('no-index')
      await workspace.ask('POST', '/skills', {
        ...{ name: 'secret', description: 'For some alone.', offer_scope: 'restricted' },
        body_markdown: '# Secret\n\nOnly the agents this is assigned to may read what it says.',
      })
      const body_markdown = '# Text\n\nGo on step by step until all of it is done, then stop.'
      const [degraded, menu] = await stage().faults.during('index', async () => {
        for (const skill of known) await workspace.ask('POST', '/skills', { ...skill, body_markdown })
        return [await workspace.route('an invoice, please'), await workspace.menu()]
      })
      for (const answer of [degraded, menu]) {
        expect(answer).toMatchObject({
          strategy: 'full_menu',
          degraded_reason: 'retrieval_error',
          stable_menu_skills: ['invoice', 'refund'],
          routing_hint: '',
        })
        expect(namesOf(answer.skills)).toEqual(['invoice', 'refund'])
        expect(answer.prompt_fragment).toContain('| invoice | Write an invoice bill. |')
        expect(answer.routing_id).toMatch(/^rt_[0-9a-f]{24}$/)
      }
      await counted('retrieval_error')
      const answer = await isWell(workspace).then(() => workspace.route('an invoice, please'))
      expect(answer.routing_hint).toBe('Best matches for this request: invoice.')
    })
  })

  describe('the table of effectiveness cannot be read: the order of the match', () => {
    it('until it can', async () => {
      const workspace = await openLarge('no-effectiveness')
      const newcomer = await stage().open('no-effectiveness-yet')
      await newcomer.write(known)
      const degraded = await stage().faults.during('effectiveness', () =>
        waitUntil('the failure is noticed', async () => {
          const answer = await newcomerRoute()
          return answer.degraded_reason === 'effectiveness_unavailable' && answer.rows_total === 2
            ? answer
            : null
        }),
      )
      expect(namesOf(degraded.skills)).toEqual(['invoice', 'refund'])
      await counted('effectiveness_unavailable')
      await waitUntil(
        'it is read again',
        async () => (await newcomerRoute()).degraded_reason === undefined,
        30_000,
      )
      expect((await workspace.route('an invoice, please')).degraded_reason).toBeUndefined()

      async function newcomerRoute(): Promise<Body> {
        return newcomer.route('an invoice, please')
      }
    })
  })

  describe('a decision cannot be written: an id that nothing is joined to', () => {
    it('and the offer all the same', async () => {
      const workspace = await openLarge('no-decisions')
      const lost = await stage().faults.during('decisions', () =>
        waitUntil('the failure is noticed', async () => {
          const answer = await workspace.route('an invoice, please')
          return answer.decision_persisted === false ? answer : null
        }),
      )
      expect(lost).toMatchObject({ degraded_reason: 'decision_write_failed', strategy: 'smart_routing' })
      expect(lost.routing_id).toMatch(/^rt_[0-9a-f]{24}$/)
      expect(lost.skills[0].name).toBe('invoice')
      await counted('decision_write_failed')
      await isWell(workspace)
      expect((await workspace.send('GET', `/skills/routing/${lost.routing_id}`)).status).toBe(404)
    })
  })

  describe('the database is down: the last index in memory', () => {
    it('serves routes and menus, and without an index the menu is empty', async () => {
      const workspace = await openLarge('no-store')
      const newcomer = await stage().open('no-store-yet')
      expect((await newcomer.send('GET', '/auth/verify')).status).toBe(200)
      const { degraded, menu, empty, health } = await stage().faults.during('store', async () => {
        const degraded = await waitUntil('the outage is noticed', async () => {
          const answer = await workspace.route('an invoice, please')
          return answer.degraded_reason === 'store_unavailable' ? answer : null
        })
        const [menu, empty] = [await workspace.menu(), await newcomer.menu()]
        return { degraded, menu, empty, health: await workspace.ask('GET', '/router/health') }
      })
      expect(degraded).toMatchObject({
        strategy: 'smart_routing',
        routing_hint: expect.stringContaining('invoice'),
      })
      expect(menu).toMatchObject({ degraded_reason: 'store_unavailable', rows_total: 42 })
      expect(empty).toMatchObject({ degraded_reason: 'store_unavailable', skills: [], prompt_fragment: '' })
      expect(health).toMatchObject({ status: 'degraded', store: { answering: false } })
      await counted('store_unavailable')
      await isWell(workspace)
    })
  })

  describe('the key is wrong', () => {
    it.each([
      ['GET', '/skills/menu'],
      ['POST', '/skills/route'],
      ['GET', '/skills/refund/body'],
      ['GET', '/skills/snapshot'],
      ['GET', '/router/health'],
    ])('401 on %s %s, never an empty menu', async (method, path) => {
      const body = method === 'POST' ? { body: { query: 'x' } } : {}
      const refused = await call(stage().gateway.url, `/api/v1${path}`, {
        method,
        key: 'dai_sk_nobody',
        ...body,
      })
      expect([refused.status, refused.json().code]).toEqual([401, 'invalid_api_key'])
    })
  })

  describe('a body is missing or partial', () => {
    it('is marked so that no client takes a part for the whole', async () => {
      const workspace = await stage().open('bodies')
      await workspace.sync(known)
      const whole = await workspace.ask('GET', '/skills/refund/body')
      const cut = await workspace.ask('GET', '/skills/refund/body?max_chars=20')
      expect(whole).toMatchObject({ truncated: false, content_hash_matches_body: true })
      expect(cut).toMatchObject({
        truncated: true,
        content_hash_matches_body: false,
        total_chars: whole.total_chars,
      })
      expect(cut.content_hash).toBe(whole.content_hash)
      expect(cut.body).toMatch(
        /\n\n\[\.\.\. truncated \d+ of \d+ chars — request without max_chars for the full body\]$/,
      )
      expect((await workspace.send('GET', '/skills/no-such-skill/body')).status).toBe(404)
    })
  })

  describe('the embedder', () => {
    const byModel = { embedding_model: 'vectors', embedding_dimensions: 3, explore_rate: 0 }
    let workspace: Workspace

    it('is a model of the gateway that answers: no fault', async () => {
      await stage().restartWith(byModel)
      workspace = await openLarge('by-model')
      await waitUntil('the skills have their vectors', async () => {
        const answer = await workspace.route('reimburse what was bought')
        return answer.skills[0]?.name === 'refund' && answer.degraded_reason === undefined
      })
      const health = await workspace.ask('GET', '/router/health')
      expect(health).toMatchObject({
        status: 'ok',
        embedder: { kind: 'model', model: 'vectors', available: true },
      })
      expect(await workspace.ask('POST', '/skills/reembed', {})).toEqual({
        ...{ status: 'ok', reembedded: 42, skipped: 0, target_model: 'vectors' },
      })
      const other = await workspace.send('POST', '/skills/reembed', { target_model: 'another' })
      expect([other.status, other.json().details.errors[0].field]).toEqual([422, 'target_model'])
      const spread = stage()
        .upstream.requestsFor('embedder')
        .map(({ body, rawHeaders }) => [body, rawHeaders])
      expect(JSON.stringify(spread)).not.toContain(workspace.key)
    })

    it.each([
      ['fails', failEmbedding],
      ['is slow', embedLate],
      ['answers nonsense', embedNothing],
    ])('%s: the match by words, until it answers again', async (what, step) => {
      const { upstream } = stage()
      upstream.script('embedder', step)
      const degraded = await workspace.route(`an invoice for what ${what}`)
      expect(degraded).toMatchObject({
        ...{ degraded_reason: 'embedder_unavailable', strategy: 'smart_routing', decision_persisted: true },
      })
      expect(degraded.skills[0].name).toBe('invoice')
      await counted('embedder_unavailable')
      upstream.script('embedder', embedByTopic)
      expect((await workspace.route(`an invoice when it no longer ${what}`)).degraded_reason).toBeUndefined()
    })

    it('fails when new vectors are asked for: who asks is told', async () => {
      stage().upstream.script('embedder', failEmbedding)
      const refused = await workspace.send('POST', '/skills/reembed')
      expect([refused.status, refused.json().detail]).toEqual([502, expect.stringContaining('vectors')])
      expect(await workspace.ask('GET', '/router/health')).toMatchObject({ embedder: { available: false } })
      stage().upstream.script('embedder', embedByTopic)
    })

    it('fails, and the knob says so: the full menu', async () => {
      await stage().restartWith({ ...byModel, on_embedder_missing: 'full_menu' })
      await waitUntil(
        'all is well',
        async () => (await workspace.route('refund it')).strategy === 'smart_routing',
      )
      stage().upstream.script('embedder', failEmbedding)
      expect(await workspace.route('an invoice, please')).toMatchObject({
        ...{ strategy: 'full_menu', degraded_reason: 'embedder_unavailable', skill_count: 42 },
      })
      stage().upstream.script('embedder', embedByTopic)
    })

    it('is none: words alone, no fault and no network', async () => {
      await stage().restartWith({ embedder: 'none' })
      await waitUntil(
        'all is indexed',
        async () => (await workspace.route('refund')).strategy === 'smart_routing',
      )
      stage().upstream.requests.length = 0
      const answer = await workspace.route('an invoice, please')
      expect([answer.degraded_reason, answer.skills[0].name]).toEqual([undefined, 'invoice'])
      expect(await workspace.ask('GET', '/router/health')).toMatchObject({
        ...{ status: 'ok', embedder: { kind: 'none', available: true } },
      })
      expect(await workspace.ask('POST', '/skills/reembed', {})).toMatchObject({ reembedded: 0, skipped: 42 })
      expect(stage().upstream.requests).toEqual([])
    })
  })
}

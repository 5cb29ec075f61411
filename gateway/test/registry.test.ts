import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { listDatabases } from './harness/databases.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

describe.each(await listDatabases())('the registry over $name', ({ create: createDatabase }) => {
  const bodyOf = (topic: string): string =>
    `# ${topic}\n\nAsk for the order number first, then go on step by step.`

  let gateway: Gateway
  let database: Awaited<ReturnType<typeof createDatabase>>
  const keys: Record<string, string> = {}

  beforeAll(async () => {
    const reviewing = (name: string, verdict: object) => ({
      model_name: name,
      litellm_params: {
        ...{ model: `openai/${name}`, api_key: 'sk-x' },
        mock_response: JSON.stringify({ ...verdict, reason: 'It says so.' }),
      },
    })
    const model_list = [
      reviewing('content', { intent: 'approved', content: 'caution' }),
      reviewing('suspicious', { intent: 'rejected', content: 'approved' }),
    ]
    database = await createDatabase()
    gateway = await startGateway({ config: { model_list }, env: database.env })
    for (const name of ['acme', 'globex', 'initech'])
      keys[name] = (await gateway.createKey({ organization_id: name })).key
  })
  afterAll(async () => {
    await gateway?.stop()
    await database?.remove()
  })

  const as = (name: string, method: string, path: string, body?: object): Promise<Answer> =>
    call(gateway.url, `/api/v1${path}`, {
      method,
      key: name === 'admin' ? gateway.masterKey : (keys[name] ?? ''),
      ...(body === undefined ? {} : { body }),
    })
  const create = (owner: string, name: string, members: object = {}) =>
    as(owner, 'POST', '/skills', {
      name,
      description: `About ${name}.`,
      body_markdown: bodyOf(name),
      ...members,
    })
  async function publish(owner: string, name: string, members: object = {}): Promise<string> {
    const created = await create(owner, name, members)
    const published = await as(owner, 'POST', `/skills/${name}/publish?category=support&tags=billing,money`)
    expect([created.status, published.status, published.text]).toEqual([200, 200, published.text])
    return created.json().skill_id as string
  }
  const namesOf = async (owner: string): Promise<string[]> =>
    (await as(owner, 'GET', '/skills')).json().skills.map(({ name }: { name: string }) => name)

  /** Bodies come from the index in memory, which follows the store within a second. */
  const bodySays = (owner: string, name: string, isSaid: (text: string) => boolean, query = '') =>
    waitUntil(`the body of ${name}`, async () =>
      isSaid((await as(owner, 'GET', `/skills/${name}/body${query}`)).text),
    )

  describe('publishing', () => {
    it('shows a skill to every workspace, by name, slug and id, and finds it', async () => {
      const id = await publish('acme', 'acme/refunds')
      for (const reference of ['acme/refunds', 'acme--refunds', id]) {
        const detail = await as('globex', 'GET', `/registry/skills/${reference}`)
        expect(detail.json()).toMatchObject({
          id,
          name: 'acme/refunds',
          body_markdown: bodyOf('acme/refunds'),
          category: 'support',
          tags: ['billing', 'money'],
          skill_badge: 'community',
          safety_status: 'clean',
          skill_safety: 'passed',
          attachment_count: 0,
          latest_version_number: 1,
          effectiveness: { skill_score: null, label: 'New' },
        })
        expect(detail.json().installed_as).toBeUndefined()
      }
      expect((await as('acme', 'GET', `/registry/skills/${id}`)).json().installed_as).toBe('acme/refunds')
      const found = (
        await as('globex', 'GET', '/registry/skills?q=refunds&category=Support&tags=money')
      ).json()
      expect(found).toMatchObject({
        items: [{ name: 'acme/refunds' }],
        has_next: false,
        next_cursor: null,
        total_hint: 1,
      })
      expect(
        (await as('globex', 'GET', '/registry/skills?exact_name=acme/refunds')).json().items,
      ).toHaveLength(1)
      expect((await as('globex', 'GET', '/registry/skills?exact_name=acme/refund')).json().items).toEqual([])
    })

    it('refuses what others own, what has no category and what is called like another', async () => {
      await create('acme', 'private-notes')
      expect((await as('globex', 'POST', '/skills/private-notes/publish?category=x')).status).toBe(404)
      const vague = await as('acme', 'POST', '/skills/private-notes/publish')
      expect([vague.status, vague.json().details.errors[0].field]).toEqual([422, 'category'])
      await publish('acme', 'one-name')
      await create('globex', 'one-name')
      expect((await as('globex', 'POST', '/skills/one-name/publish?category=x')).status).toBe(409)
      expect((await as('globex', 'GET', '/registry/skills/private-notes')).status).toBe(404)
    })

    it('is for who made the skill, whatever name it gave as the author, and for admins', async () => {
      await create('acme', 'signed-otherwise', { author: 'somebody else' })
      const colleague = (await gateway.createKey({ organization_id: 'acme', key_alias: 'somebody else' })).key
      const path = '/api/v1/skills/signed-otherwise/publish?category=support'
      const refused = await call(gateway.url, path, { method: 'POST', key: colleague })
      expect([refused.status, refused.json().code]).toEqual([403, 'permission_denied'])
      expect(refused.text).not.toContain('key:')
      expect((await as('acme', 'POST', '/skills/signed-otherwise/publish?category=support')).status).toBe(200)
      const asAdmin = { method: 'POST', key: gateway.masterKey, headers: { 'x-workspace-id': 'acme' } }
      expect((await call(gateway.url, path, asAdmin)).status).toBe(200)
    })

    it('gives one of two workspaces a name that both want at once', async () => {
      await Promise.all([create('acme', 'wanted'), create('globex', 'wanted')])
      const both = await Promise.all(
        ['acme', 'globex'].map((owner) => as(owner, 'POST', '/skills/wanted/publish?category=x')),
      )
      expect(both.map(({ status }) => status).sort()).toEqual([200, 409])
    })

    it('shows what the checks found, and refuses what a model that reviewed it rejects', async () => {
      await create('acme', 'reviewed')
      const check = (query: string, owner = 'acme') =>
        as(owner, 'POST', `/skills/reviewed/checks/run${query}`)
      expect((await check('')).json()).toMatchObject({
        ...{ skill_safety: 'passed', safety_status: 'clean', findings: [], version_number: 1 },
        ...{ intent_status: 'unreviewed', content_status: 'unreviewed' },
      })
      expect((await check('?deep=true')).json()).toMatchObject({
        intent_status: 'unreviewed',
        intent_review: { model: null, reason: expect.stringContaining('model') },
      })
      expect((await check('', 'globex')).status).toBe(404)
      const lost = (await check('?deep=true&model=nobody')).json()
      expect(lost).toMatchObject({ intent_status: 'unreviewed', intent_review: { model: 'nobody' } })
      expect((await check('?deep=true&model=suspicious')).json().intent_status).toBe('rejected')
      const refused = await as('acme', 'POST', '/skills/reviewed/publish?category=support')
      expect([refused.status, refused.json().detail.reason]).toEqual([400, 'intent_rejected'])
      expect((await check('?deep=true&model=content')).json().content_status).toBe('caution')
      expect((await as('acme', 'POST', '/skills/reviewed/publish?category=support')).status).toBe(200)
      expect((await as('globex', 'GET', '/registry/skills/reviewed')).json()).toMatchObject({
        intent_status: 'approved',
        content_status: 'caution',
      })
      const used = await as('globex', 'GET', '/registry/skills/reviewed/activations?window_days=7')
      expect(used.json()).toEqual({
        window_days: 7,
        series: [],
        totals: {
          activations: null,
          router_decisions: null,
          router_activated: null,
          distinct_orgs_max: null,
        },
      })
      expect((await as('globex', 'GET', '/registry/skills/reviewed/activations?window_days=0')).status).toBe(
        400,
      )
    })

    it('can be switched off for a workspace', async () => {
      await create('initech', 'secret-sauce')
      await as('admin', 'PUT', '/quotas/initech', { plan: 'free', limits: { publish: false } })
      const refused = await as('initech', 'POST', '/skills/secret-sauce/publish?category=x')
      expect(refused.status).toBe(403)
      expect(refused.json()).toMatchObject({
        code: 'feature_disabled',
        detail: { plan: 'free', feature: 'publish' },
      })
      await as('admin', 'DELETE', '/quotas/initech')
      expect((await as('initech', 'POST', '/skills/secret-sauce/publish?category=x')).status).toBe(200)
    })

    it('pages, sorts, and says which sorts there are', async () => {
      for (const name of ['page-one', 'page-two', 'page-three']) await publish('acme', name, { tags: [] })
      const seen: string[] = []
      let cursor = ''
      do {
        const page = (
          await as('globex', 'GET', `/registry/skills?q=page&sort=recent&limit=2${cursor}`)
        ).json()
        seen.push(...page.items.map(({ name }: { name: string }) => name))
        cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor}`
        expect(page.has_next).toBe(cursor !== '')
      } while (cursor !== '')
      expect(seen.toSorted()).toEqual(['page-one', 'page-three', 'page-two'])
      expect((await as('globex', 'GET', '/registry/skills?sort=best')).json().detail).toContain(
        'biggest_improvement',
      )
      expect((await as('globex', 'GET', '/registry/skills?cursor=forged')).status).toBe(400)
      expect((await as('globex', 'GET', '/registry/skills?limit=101')).status).toBe(400)
    })

    it('serves raw text, also of one version', async () => {
      await publish('acme', 'plain-text')
      await as('acme', 'PUT', '/skills/plain-text', { body_markdown: `${bodyOf('plain-text')} Second.` })
      const raw = (path: string) => call(gateway.url, path, { key: keys['globex'] ?? '' })
      expect((await raw('/s/plain-text/SKILL.md')).text).toContain('Second.')
      expect((await raw('/s/plain-text/SKILL.md')).headers['content-type']).toBe(
        'text/markdown; charset=utf-8',
      )
      expect((await raw('/s/plain-text@1/SKILL.md')).text).not.toContain('Second.')
      expect((await raw('/s/plain-text@9/SKILL.md')).status).toBe(404)
      expect((await raw('/s/plain-text.json')).json()).toMatchObject({ name: 'plain-text' })
      expect((await raw('/llms.txt')).text).toContain('(/s/plain-text/SKILL.md): About plain-text.')
      expect((await call(gateway.url, '/s/plain-text/SKILL.md')).status).toBe(401)
      expect((await call(gateway.url, '/api/v1/registry/skills')).status).toBe(401)
    })
  })

  describe('using', () => {
    it('puts a skill into the catalogue, follows it, and takes it away again', async () => {
      const id = await publish('acme', 'live-skill')
      const used = await as('globex', 'POST', '/registry/skills/live-skill/use')
      expect(used.json()).toMatchObject({
        status: 'ok',
        uses: [{ skill_id: id, scope: 'workspace', mode: 'latest', agent_name: null }],
        shadowed_by_owned: false,
      })
      expect(await namesOf('globex')).toContain('live-skill')
      expect(await namesOf('initech')).not.toContain('live-skill')
      await as('acme', 'PUT', '/skills/live-skill', { body_markdown: `${bodyOf('live-skill')} Better.` })
      await bodySays('globex', 'live-skill', (text) => text.includes('Better.'))
      for (const [method, path, body] of [
        ['PUT', '/skills/live-skill', { description: 'Ours now.' }],
        ['DELETE', '/skills/live-skill', undefined],
        [
          'POST',
          '/skills/live-skill/attachments',
          { file_path: 'scripts/a.py', directory: 'scripts', content_text: 'x' },
        ],
        ['POST', '/skills/live-skill/publish?category=x', undefined],
      ] as const)
        expect((await as('globex', method, path, body)).status).toBe(403)
      expect((await as('globex', 'DELETE', '/registry/skills/live-skill/use')).json()).toMatchObject({
        deleted: true,
      })
      expect(await namesOf('globex')).not.toContain('live-skill')
      expect((await as('globex', 'DELETE', '/registry/skills/live-skill/use')).status).toBe(404)
    })

    it('yields to an own skill of the name', async () => {
      await publish('acme', 'shadowed')
      await as('globex', 'POST', '/registry/skills/shadowed/use')
      await create('globex', 'shadowed', { body_markdown: `${bodyOf('shadowed')} Our own words.` })
      await bodySays('globex', 'shadowed', (text) => text.includes('Our own words.'))
      expect((await as('globex', 'POST', '/registry/skills/shadowed/use')).json().shadowed_by_owned).toBe(
        true,
      )
      await as('globex', 'DELETE', '/skills/shadowed')
      await bodySays(
        'globex',
        'shadowed',
        (text) => text.includes('# shadowed') && !text.includes('Our own words.'),
      )
    })

    it('can be held to a version and to agents', async () => {
      await publish('acme', 'pinned')
      await as('acme', 'PUT', '/skills/pinned', { body_markdown: `${bodyOf('pinned')} Second.` })
      const pinned = await as(
        'globex',
        'POST',
        '/registry/skills/pinned/use?mode=pinned&version=1&scope=agent&agents=a,b',
      )
      expect(pinned.json().uses.map(({ agent_name }: { agent_name: string }) => agent_name)).toEqual([
        'a',
        'b',
      ])
      await bodySays('globex', 'pinned', (text) => text.includes('"version":1'), '?agent_name=a')
      expect((await as('globex', 'GET', '/skills/pinned/body?agent_name=c')).status).toBe(404)
      expect((await as('globex', 'GET', '/agents/a/skills')).json().skills).toMatchObject([
        { skill_name: 'pinned' },
      ])
      expect((await as('globex', 'POST', '/registry/skills/pinned/use?mode=pinned&version=7')).status).toBe(
        404,
      )
      expect((await as('globex', 'POST', '/registry/skills/pinned/use?scope=agent')).status).toBe(400)
      expect((await as('acme', 'POST', '/registry/skills/pinned/use')).json()).toEqual({
        status: 'ok',
        uses: [],
        shadowed_by_owned: true,
      })
    })

    it('goes on for a while after the skill was withdrawn, for those who use it alone', async () => {
      const id = await publish('acme', 'withdrawn')
      await as('globex', 'POST', `/registry/skills/${id}/use`)
      expect((await as('acme', 'POST', '/skills/withdrawn/unpublish')).json()).toMatchObject({
        forks_cleared: 0,
      })
      expect((await as('globex', 'GET', `/registry/skills/${id}`)).status).toBe(404)
      expect(await namesOf('globex')).toContain('withdrawn')
      expect((await as('initech', 'POST', `/registry/skills/${id}/use`)).status).toBe(404)
      expect((await as('initech', 'POST', `/registry/skills/${id}/fork`)).status).toBe(404)
      expect((await as('acme', 'POST', '/skills/withdrawn/unpublish')).status).toBe(404)
      expect((await as('globex', 'DELETE', '/registry/skills/withdrawn/use')).status).toBe(200)
    })

    it('answers the old verb with the new ones', async () => {
      const gone = await as('globex', 'POST', '/registry/skills/acme/refunds/install')
      expect([gone.status, gone.json().code]).toEqual([410, 'gone'])
      expect(gone.json().detail).toContain('/fork')
    })
  })

  describe('copying', () => {
    it('makes one copy, with files and name of its own, and says so the second time', async () => {
      const id = await publish('acme', 'original')
      await as('acme', 'POST', '/skills/original/attachments', {
        file_path: 'references/fees.md',
        directory: 'references',
        content_text: '# Fees',
      })
      const forked = await as('globex', 'POST', '/registry/skills/original/fork?new_name=our-original')
      expect(forked.json()).toMatchObject({ skill: { name: 'our-original' }, forked_from_skill_id: id })
      await bodySays('globex', 'our-original', (text) => text.includes('fees.md'))
      const copy = (await as('globex', 'GET', '/skills/our-original/body')).json()
      expect(copy).toMatchObject({
        body: bodyOf('original'),
        attachments: [{ file_path: 'references/fees.md' }],
      })
      const again = await as('globex', 'POST', '/registry/skills/original/fork')
      expect([again.status, again.headers['x-installed-as']]).toEqual([409, 'our-original'])
      expect((await as('globex', 'GET', `/registry/skills/${id}`)).json().installed_as).toBe('our-original')
      const merge = (mode: string) => as('globex', 'POST', `/skills/our-original/merge-upstream?mode=${mode}`)
      await as('acme', 'PUT', '/skills/original', { body_markdown: `${bodyOf('original')} News.` })
      expect((await merge('preview')).json()).toMatchObject({
        upstream_body: `${bodyOf('original')} News.`,
        current_body: bodyOf('original'),
        has_upstream_update: true,
      })
      expect((await merge('replace')).json()).toMatchObject({ status: 'ok', version: 2 })
      expect((await merge('preview')).json()).toMatchObject({ has_upstream_update: false })
      await create('globex', 'no-copy')
      expect((await as('globex', 'POST', '/skills/no-copy/merge-upstream')).status).toBe(400)
      expect((await as('acme', 'POST', '/skills/original/unpublish')).json().forks_cleared).toBe(1)
      expect((await merge('preview')).status).toBe(400)
    })

    it('leaves nothing behind when it fails', async () => {
      await publish('acme', 'taken-name')
      await create('globex', 'in-the-way')
      const fork = (name: string) => as('globex', 'POST', `/registry/skills/taken-name/fork?new_name=${name}`)
      expect((await fork('in-the-way')).status).toBe(409)
      expect((await fork('Not%20A%20Name')).status).toBe(400)
      expect((await fork('free-name')).status).toBe(200)
    })
  })

  describe('ratings', () => {
    it('come from others, one a workspace, and lead the board', async () => {
      await publish('acme', 'rated')
      const rate = (name: string, rating: number) =>
        as(name, 'POST', '/registry/skills/rated/rate', { rating })
      expect((await rate('acme', 5)).status).toBe(403)
      expect((await rate('globex', 6)).status).toBe(422)
      await rate('globex', 1)
      await rate('globex', 5)
      await rate('initech', 4)
      const detail = (await as('globex', 'GET', '/registry/skills/rated')).json()
      expect(detail).toMatchObject({ avg_rating: 4.5, rating_count: 2 })
      const board = (await as('globex', 'GET', '/registry/leaderboard?sort=top_rated')).json()
      expect(board.items).toMatchObject([{ rank: 1, name: 'rated', metric: { value: 4.5, kind: 'rating' } }])
      expect((await as('globex', 'GET', '/registry/leaderboard?sort=worst')).status).toBe(400)
    })
  })

  describe('agents', () => {
    it('are assigned skills and pins, and are listed', async () => {
      await create('acme', 'for-agents', { offer_scope: 'restricted' })
      await as('acme', 'PUT', '/skills/for-agents', { body_markdown: `${bodyOf('for-agents')} Second.` })
      const path = '/agents/support%20agent/skills/for-agents'
      expect((await as('acme', 'POST', `${path}?version=1`)).json()).toMatchObject({
        status: 'ok',
        action: 'assigned',
      })
      expect((await as('acme', 'POST', `${path}?version=1`)).json()).toMatchObject({ action: 'updated' })
      const listed = (await as('acme', 'GET', '/agents/support%20agent/skills')).json()
      expect(listed).toMatchObject({
        agent_name: 'support agent',
        total: 1,
        skills: [{ skill_name: 'for-agents', pinned_version_number: 1, scope: 'agent' }],
      })
      expect(JSON.stringify(listed)).not.toContain('Second.')
      expect((await as('acme', 'GET', '/agents')).json()).toMatchObject({
        agents: [{ agent_name: 'support agent', trace_count: 0, last_trace_at: null, latest_manifest: null }],
        total: 1,
      })
      expect((await as('acme', 'POST', `${path}?version=9`)).status).toBe(404)
      expect((await as('globex', 'POST', path)).status).toBe(404)
      expect((await as('globex', 'GET', '/agents/support%20agent/skills')).json().skills).toEqual([])
      expect((await as('acme', 'DELETE', path)).json()).toMatchObject({ action: 'unassigned' })
      expect((await as('acme', 'DELETE', path)).json()).toMatchObject({ action: 'noop' })
    })

    it('link a public skill that is assigned to them', async () => {
      await publish('acme', 'assignable')
      expect((await as('globex', 'POST', '/agents/helper/skills/assignable')).status).toBe(200)
      expect((await as('globex', 'GET', '/skills/assignable')).json()).toMatchObject({
        offer_scope: 'restricted',
      })
    })

    it('are given skills as these are written, and keep off what was taken off', async () => {
      const item = (name: string) => ({ name, description: `About ${name}.`, body_markdown: bodyOf(name) })
      const sync = (add_to_agent: string) =>
        as('acme', 'POST', '/skills/sync', {
          ...{ skills: ['placed-a', 'placed-b'].map(item), offer_scope: 'restricted' },
          ...{ agent_name: 'placer', add_to_agent },
        })
      const both = { added_to_agent: 'placer', added: ['placed-a', 'placed-b'], kept_off: [] }
      expect((await sync('unless_removed')).json()).toMatchObject({ created: 2, ...both })
      const seen = async () =>
        (await as('acme', 'GET', '/agents/placer/skills'))
          .json()
          .skills.map((row: { skill_name: string }) => row.skill_name)
      expect(await seen()).toEqual(['placed-a', 'placed-b'])
      await as('acme', 'DELETE', '/agents/placer/skills/placed-b')
      expect((await sync('unless_removed')).json()).toMatchObject({
        added: ['placed-a'],
        kept_off: ['placed-b'],
      })
      expect(await seen()).toEqual(['placed-a'])
      expect((await sync('all')).json()).toMatchObject(both)
      expect(await seen()).toEqual(['placed-a', 'placed-b'])
      const made = await create('acme', 'placed-c', { agent_name: 'placer', offer_scope: 'restricted' })
      expect(made.json()).toMatchObject({ added_to_agent: 'placer', offer_scope: 'restricted' })
      expect(await seen()).toContain('placed-c')
    })

    it('have prompts with versions, read again only when they change', async () => {
      const path = '/agents/writer/prompt'
      expect((await as('acme', 'GET', path)).status).toBe(404)
      expect(
        (await as('acme', 'PUT', path, { system_prompt: 'Be brief.', label: 'first' })).json(),
      ).toMatchObject({
        agent_name: 'writer',
        system_prompt: 'Be brief.',
        version_number: 1,
        label: 'first',
        version_mode: 'latest',
        resolved_from: 'latest',
      })
      await as('acme', 'PUT', path, { system_prompt: 'Be brief.' })
      expect((await as('acme', 'PUT', path, { system_prompt: 'Be long.' })).json().version_number).toBe(2)
      const first = await as('acme', 'GET', path)
      const etag = first.headers['etag'] ?? ''
      const again = await call(gateway.url, `/api/v1${path}`, {
        key: keys['acme'] ?? '',
        headers: { 'if-none-match': etag },
      })
      expect([again.status, again.text]).toEqual([304, ''])
      expect((await as('acme', 'GET', `${path}?version=1`)).json()).toMatchObject({
        system_prompt: 'Be brief.',
      })
      expect((await as('acme', 'GET', `${path}?version=9`)).status).toBe(404)
      expect((await as('acme', 'PUT', path, { pinned_version_number: 9 })).status).toBe(409)
      expect((await as('acme', 'PUT', path, { pinned_version_number: 1 })).json()).toMatchObject({
        version_mode: 'pinned',
        pinned_version_number: 1,
        resolved_from: 'pin',
        system_prompt: 'Be brief.',
      })
      expect((await as('globex', 'GET', path)).status).toBe(404)
      await as('acme', 'PUT', '/agents/quiet/prompt', { system_prompt: null })
      expect((await as('acme', 'GET', '/agents/quiet/prompt')).json()).toHaveProperty('system_prompt', null)
    })
  })

  describe('bundles', () => {
    it('are applied to an agent in one write', async () => {
      await create('acme', 'bundle-a')
      await create('acme', 'bundle-b')
      const made = await as('acme', 'POST', '/bundles', {
        name: 'starter',
        description: 'To begin with',
        skills: [{ skill: 'bundle-a', version: 1 }, { skill: 'bundle-b' }],
      })
      const { id } = made.json()
      expect(made.json().skills).toMatchObject([
        { skill_name: 'bundle-a' },
        { skill_name: 'bundle-b', pinned_version_id: null },
      ])
      expect((await as('acme', 'POST', '/bundles', { name: 'starter' })).status).toBe(409)
      expect(
        (await as('acme', 'POST', '/bundles', { name: 'broken', skills: [{ skill: 'nobody' }] })).status,
      ).toBe(404)
      const apply = (owner: string) => as(owner, 'POST', `/bundles/${id}/apply?agent=beginner`)
      expect((await apply('acme')).json()).toMatchObject({ assigned: 2, updated: 0, agent_name: 'beginner' })
      expect((await apply('acme')).json()).toMatchObject({ assigned: 0, updated: 2 })
      expect((await apply('globex')).status).toBe(404)
      expect((await as('acme', 'GET', '/agents/beginner/skills')).json().total).toBe(2)
      expect(
        (await as('acme', 'PUT', `/bundles/${id}`, { skills: [{ skill: 'bundle-b' }] })).json().skills,
      ).toHaveLength(1)
      await as('acme', 'DELETE', '/skills/bundle-b')
      expect((await apply('acme')).status).toBe(409)
      for (const method of ['GET', 'PUT', 'DELETE'])
        expect((await as('globex', method, `/bundles/${id}`, method === 'PUT' ? {} : undefined)).status).toBe(
          404,
        )
      expect((await as('acme', 'GET', '/bundles')).json()).toMatchObject({
        total: 1,
        bundles: [{ name: 'starter' }],
      })
      expect((await as('acme', 'DELETE', `/bundles/${id}`)).json()).toMatchObject({ deleted: true })
    })
  })

  describe('a workspace with limits', () => {
    it('makes so many skills and agents and no more, however many it tries at once', async () => {
      const { key } = await gateway.createKey({ organization_id: 'small' })
      keys['small'] = key
      await as('admin', 'PUT', '/quotas/small', {
        plan: 'free',
        limits: { skills: 3, agents: 2, bundles: false },
      })
      const made = await Promise.all(
        ['a', 'b', 'c', 'd', 'e'].map((name) => create('small', `skill-${name}`)),
      )
      expect(made.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429, 429])
      const refused = made.find(({ status }) => status === 429)
      expect(refused?.headers).toMatchObject({ 'x-quota-exceeded': 'skills', 'x-ratelimit-plan': 'free' })
      expect(refused?.headers['retry-after']).toBeUndefined()
      expect(refused?.json().detail).toMatchObject({ plan: 'free', dimension: 'skills', used: 3, limit: 3 })
      const [first] = await namesOf('small')
      const assigned = await Promise.all(
        ['x', 'y', 'z'].map((agent) => as('small', 'POST', `/agents/${agent}/skills/${first}`)),
      )
      expect(assigned.map(({ status }) => status).sort()).toEqual([200, 200, 429])
      expect((await as('small', 'POST', '/registry/skills/acme/refunds/fork')).status).toBe(429)
      expect((await as('small', 'GET', '/bundles')).status).toBe(403)
      expect((await as('small', 'GET', '/skills')).status).toBe(200)
    })
  })
})

import { createHash, randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { type Body, bodyOf, type Stage, type Workspace } from './stage.ts'

const invisible = ['\u200b', '\u202e', '\u2060', '\u{e0041}', '\ufeff']

/**
 * What people, programs and attackers send. Each is refused with what, where and why. Hostile archives are in
 * `../skills-gateway/g2-hostile-uploads.ts`, ids of other tenants in A10.
 */
export function describeBadInput(stage: () => Stage): void {
  let workspace: Workspace

  beforeAll(async () => {
    workspace = await stage().open('bad-input')
    await workspace.sync([{ name: 'good', description: 'The good skill.' }])
  })

  const create = (members: object) =>
    workspace.send('POST', '/skills', {
      ...{ name: 'x', description: 'About x.', body_markdown: bodyOf('x') },
      ...members,
    })
  const syncOne = async (item: object): Promise<Body> => {
    const sent = { skills: [item], conflict_policy: 'local_wins', response_mode: 'diff' }
    const { actions } = await workspace.ask('POST', '/skills/sync', sent)
    return actions[0]
  }
  const upload = (files: readonly object[]) =>
    call(stage().gateway.url, '/v1/skills', { key: workspace.key, body: { files } })

  describe('names', () => {
    it.each([
      ['a pipe', 'a|b'],
      ['two slashes', 'a/b/c'],
      ['a slash at the end', 'a/'],
      ['a slash in front', '/a'],
      ['dots that climb', '../../etc/passwd'],
      ['a line feed', 'a\nb'],
      ['white space', 'a b'],
      ['NUL', 'a\0b'],
      ['a word of the paths', 'menu'],
      ['a word of the paths behind an owner', 'owner/body'],
      ['a word of the registry behind an owner', 'owner/fork'],
      ['a word of the paths in front', 'analytics/metrics'],
      ['65 characters', 'x'.repeat(65)],
      ['nothing', ''],
      ...invisible.map((character) => [`U+${character.codePointAt(0)?.toString(16)}`, `a${character}b`]),
    ])('with %s are refused, by their field', async (_, name) => {
      const refused = await create({ name })
      expect([refused.status, refused.json().details.errors[0].field]).toEqual([422, 'name'])
      expect(await syncOne({ name, description: 'x', body_markdown: bodyOf('x') })).toMatchObject({
        ...{ action: 'failed', error: expect.stringContaining('name') },
      })
    })

    it('with one slash are whole names, escaped or not', async () => {
      expect((await create({ name: 'owner/skill' })).status).toBe(200)
      for (const path of ['/skills/owner/skill', '/skills/owner%2Fskill', '/skills/owner--skill'])
        expect((await workspace.ask('GET', path)).name).toBe('owner/skill')
    })

    it('that are taken are a conflict, also of two that come at once', async () => {
      expect((await create({ name: 'good' })).json().code).toBe('conflict')
      const both = await Promise.all([create({ name: 'at-once' }), create({ name: 'at-once' })])
      expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409])
    })
  })

  describe('sizes', () => {
    it.each([
      ['a body beyond 256 KiB', { body_markdown: 'x'.repeat(256 * 1_024 + 1) }, 'body_markdown'],
      ['a description beyond 1 024 characters', { description: 'x'.repeat(1_025) }, 'description'],
      ['a category beyond 100', { category: 'x'.repeat(101) }, 'category'],
      ['a body of a few characters', { body_markdown: 'Do it.' }, 'body_markdown'],
      ['a body of white space', { body_markdown: ' \n'.repeat(200) }, 'body_markdown'],
    ])('%s', async (_, members, field) => {
      const refused = await create(members)
      expect([refused.status, refused.json().details.errors[0].field]).toEqual([422, field])
    })

    it.each(['/skills', '/skills/route', '/skills/sync', '/traces', '/traces/batch'])(
      'ten megabytes and more at %s',
      async (path) => {
        const sent = `{"query": "${'x'.repeat(10 * 1_048_576)}"}`
        const refused = await call(stage().gateway.url, `/api/v1${path}`, { key: workspace.key, body: sent })
        expect([refused.status, refused.json().code]).toEqual([413, 'request_too_large'])
      },
    )
  })

  describe('bodies of requests', () => {
    it.each([
      ['no JSON', '{'],
      ['a list', '[]'],
      ['a text', '"x"'],
      ['null', 'null'],
      ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
      ['another type of a member', '{"query": 7, "name": 7, "skills": 7}'],
    ])('%s', async (_, body) => {
      for (const path of ['/skills', '/skills/route', '/skills/sync']) {
        const refused = await call(stage().gateway.url, `/api/v1${path}`, { key: workspace.key, body })
        expect([path, refused.status, refused.json().code]).toEqual([path, 422, 'validation_failed'])
        expect(refused.json().details.errors.length).toBeGreaterThan(0)
      }
    })
  })

  describe('text that nobody sees', () => {
    it.each(invisible)('%j in a description is kept away from every model', async (character) => {
      const name = `hidden-${character.codePointAt(0)?.toString(16)}`
      await create({ name, description: `Be${character}fore ${character.repeat(30)} after.` })
      const { stable_menu: menu } = await workspace.menu()
      for (const each of invisible) expect(menu).not.toContain(each)
    })
  })

  describe('SKILL.md', () => {
    it.each([
      ['without a fence', 'name: x\n---\n\n# X\n'],
      ['that never closes its fence', '---\nname: x\ndescription: y\n\n# X\n'],
      ['with broken YAML', '---\nname: [x\ndescription: y\n---\n\n# X\n'],
      ['with a list for a mapping', '---\n- name\n---\n\n# X\n'],
      ['with a tag that makes objects', '---\nname: !!js/function x\ndescription: y\n---\n\n# X\n'],
      ['without a name', '---\ndescription: y\n---\n\n# X\n'],
      ['with a name of pipes', '---\nname: a|b\ndescription: y\n---\n\n# X\n'],
    ])('%s is refused on upload', async (_, content) => {
      const refused = await upload([{ path: 'x/SKILL.md', content }])
      expect([refused.status, refused.text.length > 40]).toEqual([400, true])
    })
  })

  describe('hashes', () => {
    it('that are not those of the body are refused, and the right one is taken with a prefix or without', async () => {
      const body = bodyOf('hashed')
      const right = createHash('sha256').update(body).digest('hex')
      const item = { name: 'hashed', description: 'Hashed.', body_markdown: body }
      for (const content_hash of ['0'.repeat(64), 'sha256:xx', right.slice(1)])
        expect((await syncOne({ ...item, content_hash })).action).toBe('failed')
      expect((await syncOne({ ...item, content_hash: `sha256:${right}` })).action).toBe('created')
      expect((await syncOne({ ...item, hash: right })).action).toBe('no_change')
    })

    it.each([
      ['a short prefix', 'abc', 400],
      ['nobody’s', 'f'.repeat(64), 404],
    ])('of %s compare nothing', async (_, hash, status) => {
      const path = `/skills/analytics/compare?skill_name=good&baseline_hash=${hash}&candidate_hash=${hash}`
      expect((await workspace.send('GET', path)).status).toBe(status)
    })
  })

  describe('clocks and ids of traces', () => {
    const at = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString()
    const trace = (members: object) => workspace.send('POST', '/traces', { agent_name: 'clock', ...members })

    it.each([
      ['a clock far ahead', { started_at: at(2), ended_at: at(2) }, 'future'],
      ['a clock far behind', { started_at: at(-6 * 365) }, '5 years'],
      ['an end before the beginning', { started_at: at(0), ended_at: at(-1) }, 'before'],
      ['no time', { started_at: 'yesterday' }, 'started_at'],
      ['no UUID', { id: 'x' }, 'UUID'],
      ['a status of its own', { status: 'ok' }, 'status'],
    ])('%s', async (_, members, word) => {
      const refused = await trace(members)
      expect([refused.status, refused.json().error_code]).toEqual([400, 'TRACE_VALIDATION_FAILED'])
      expect(refused.json().detail).toContain(word)
    })

    it('a clock that is an hour off is taken', async () => {
      expect((await trace({ started_at: at(1 / 24), ended_at: at(1 / 24) })).status).toBe(200)
    })

    it('an id that is sent again is refused, and counts once', async () => {
      const id = randomUUID()
      const sent = { id, skills_loaded_by_agent: ['good'] }
      expect((await trace(sent)).status).toBe(200)
      const again = await trace({ ...sent, skills_loaded_by_agent: ['other'] })
      expect([again.status, again.json().detail]).toEqual([400, expect.stringContaining('already exists')])
      expect((await workspace.ask('GET', `/traces/${id}`)).activated).toEqual(['good'])
    })
  })
}

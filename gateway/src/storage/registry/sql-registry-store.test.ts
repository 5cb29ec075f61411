import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { RegistryQuery, RegistryStore } from '../../skills/registry/registry-store.ts'
import type { SkillStore, WrittenSkill } from '../../skills/skill-store.ts'
import { blockedScan, type DraftMembers, sampleDraft } from '../skills/skill-draft.fixture.ts'
import { createSqlSkillStore } from '../skills/sql-skill-store.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { createSqlRegistryStore } from './sql-registry-store.ts'

const start = Date.UTC(2026, 0, 1)
const day = 86_400_000
const publication = { category: 'support', tags: ['billing'], authorDisplayName: 'Acme' }
const everything: RegistryQuery = {
  text: '',
  exactName: null,
  category: null,
  tags: [],
  badge: null,
  measuredOnly: false,
  sort: 'recent',
  limit: 10,
  after: null,
}
const live = { scope: 'workspace', agents: [], pinnedVersionId: null, createdBy: null } as const

describe.each(await listTestDatabases())('the registry store over $name', ({ openMigrated }) => {
  let opened: OpenTestDatabase
  let skills: SkillStore
  let registry: RegistryStore
  let now = start
  let announced: string[] = []

  beforeAll(async () => {
    opened = await openMigrated()
    const options = {
      now: () => now,
      newId: randomUUID,
      onChange: (workspaceId: string) => void announced.push(workspaceId),
    }
    skills = createSqlSkillStore(opened.database, options)
    registry = createSqlRegistryStore(opened.database, options)
  })
  beforeEach(async () => {
    await opened.database.pool.query('TRUNCATE skills, skill_workspaces, registry_entries CASCADE')
    now = start
    announced = []
  })
  afterAll(() => opened?.dispose())

  async function write(workspaceId: string, name: string, members: DraftMembers = {}): Promise<WrittenSkill> {
    const before = await skills.find(workspaceId, name)
    const known =
      before === null || before.isLinked
        ? {}
        : { skillId: before.skillId, baseVersionId: before.latest.versionId }
    const [written] = await skills.write(workspaceId, [sampleDraft(name, { ...known, ...members })])
    if (written === undefined) throw new Error('nothing was written')
    await registry.followSources(workspaceId)
    return written
  }
  async function publishNew(workspaceId: string, name: string, members: DraftMembers = {}) {
    const written = await write(workspaceId, name, members)
    await registry.publish(workspaceId, written.skillId, publication)
    return written
  }
  const catalogueOf = async (workspaceId: string) => (await skills.readCatalogue(workspaceId, null)).skills
  const names = async (query: Partial<RegistryQuery>) =>
    (await registry.search({ ...everything, ...query })).entries.map(({ name }) => name)

  describe('publishing', () => {
    it('makes a skill readable for everybody, exactly by id, name or slug', async () => {
      const { skillId } = await publishNew('acme', 'acme/refunds', { files: { 'references/a.md': 'fees' } })
      for (const reference of [skillId, 'acme/refunds', 'acme--refunds'])
        expect(await registry.find(reference)).toMatchObject({
          skillId,
          name: 'acme/refunds',
          body: 'Body of acme/refunds.',
          category: 'support',
          tags: ['billing'],
          badge: 'community',
          files: [{ path: 'references/a.md' }],
        })
      for (const reference of ['refunds', 'acme/refund', 'ACME/refunds', randomUUID()])
        expect(await registry.find(reference)).toBeNull()
      expect(String(await registry.readFile(skillId, 'references/a.md'))).toBe('fees')
      expect(await registry.readFile(skillId, 'references/b.md')).toBeNull()
      expect((await skills.find('acme', skillId))?.visibility).toBe('public')
    })

    it('is for owners', async () => {
      const { skillId } = await write('acme', 'refunds')
      expect(await registry.publish('other', skillId, publication)).toBe(false)
      expect(await registry.unpublish('acme', skillId)).toBeNull()
      await registry.publish('acme', skillId, publication)
      expect(await registry.unpublish('other', skillId)).toBeNull()
      expect(await registry.find('refunds')).not.toBeNull()
    })

    it('gives a name to one of two who want it at once', async () => {
      const mine = await write('acme', 'refunds')
      const theirs = await write('other', 'refunds')
      const results = await Promise.allSettled([
        registry.publish('acme', mine.skillId, publication),
        registry.publish('other', theirs.skillId, publication),
      ])
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
        reason: { code: 'conflict' },
      })
    })

    it('frees the name when it ends', async () => {
      const { skillId } = await publishNew('acme', 'refunds')
      expect(await registry.unpublish('acme', skillId)).toBe(0)
      expect(await registry.find('refunds')).toBeNull()
      await publishNew('other', 'refunds')
      await expect(registry.publish('acme', skillId, publication)).rejects.toMatchObject({ code: 'conflict' })
    })

    it('shows the newest safe version, and none of a skill without one', async () => {
      const { skillId } = await publishNew('acme', 'refunds', { body: 'Safe.' })
      await write('acme', 'refunds', { body: 'Evil.', scan: blockedScan })
      expect(await registry.find('refunds')).toMatchObject({ body: 'Safe.', versionNumber: 1 })
      expect(await registry.readVersion(skillId, 1)).toContain('Safe.')
      expect(await registry.readVersion(skillId, 2)).toBeNull()
      const unsafe = await write('acme', 'unsafe', { scan: blockedScan })
      await registry.publish('acme', unsafe.skillId, publication)
      expect(await registry.find('unsafe')).toBeNull()
      expect(await registry.listServed()).toMatchObject([{ workspaceId: 'acme', skillId, name: 'refunds' }])
    })
  })

  describe('searching', () => {
    beforeEach(async () => {
      for (const [index, name] of ['alpha', 'beta', 'gamma', 'delta'].entries()) {
        now = start + index
        await publishNew('acme', name, { description: index % 2 === 0 ? 'Even 100% things' : 'Odd things' })
      }
      await opened.database.pool.query(`UPDATE registry_entries SET skill_score = 0.5 WHERE name = 'beta'`)
      await opened.database.pool.query(`UPDATE registry_entries SET tags = '{a,b}' WHERE name = 'gamma'`)
    })

    it('finds all words, whatever the case, and nothing by wildcards', async () => {
      expect(await names({ text: 'EVEN things' })).toEqual(['gamma', 'alpha'])
      expect(await names({ text: 'even odd' })).toEqual([])
      expect(await names({ text: '100%' })).toEqual(['gamma', 'alpha'])
      expect(await names({ text: 'b_ta' })).toEqual([])
      expect(await names({ text: "'; DROP TABLE skills --" })).toEqual([])
    })

    it('puts the skill that is called like the words first', async () => {
      await publishNew('acme', 'things')
      now += 1
      await publishNew('acme', 'other-things')
      expect((await names({ text: 'things', sort: 'recent' }))[0]).toBe('things')
    })

    it('filters', async () => {
      expect(await names({ exactName: 'beta' })).toEqual(['beta'])
      expect(await names({ exactName: 'bet' })).toEqual([])
      expect(await names({ measuredOnly: true })).toEqual(['beta'])
      expect(await names({ tags: ['b', 'a'] })).toEqual(['gamma'])
      expect(await names({ category: 'SUPPORT' })).toHaveLength(4)
      expect(await names({ category: 'testing' })).toEqual([])
      expect(await names({ badge: 'verified' })).toEqual([])
    })

    it('pages through everything once, by every sort', async () => {
      for (const sort of ['recent', 'effectiveness', 'popular', 'efficiency', 'top_rated', 'lift'] as const) {
        const seen: string[] = []
        let after: RegistryQuery['after'] = null
        do {
          const page = await registry.search({ ...everything, sort, limit: 1, after })
          seen.push(...page.entries.map(({ name }) => name))
          expect(page.total).toBe(4)
          after = page.next
        } while (after !== null)
        expect(seen.toSorted()).toEqual(['alpha', 'beta', 'delta', 'gamma'])
        if (sort === 'effectiveness') expect(seen).toEqual(['beta', 'alpha', 'delta', 'gamma'])
        if (sort === 'recent') expect(seen).toEqual(['delta', 'gamma', 'beta', 'alpha'])
      }
    })
  })

  describe('a link', () => {
    it('appears in the catalogue of who uses it, and of nobody else', async () => {
      const { skillId } = await publishNew('acme', 'refunds', { files: { 'scripts/a.py': 'print()' } })
      expect(await registry.use('other', skillId, live)).toMatchObject({
        skillId,
        name: 'refunds',
        scope: 'workspace',
        isShadowed: false,
      })
      expect(announced).toContain('other')
      const [seen] = await catalogueOf('other')
      expect(seen).toMatchObject({
        skillId,
        name: 'refunds',
        offerScope: 'workspace',
        body: 'Body of refunds.',
      })
      expect(seen?.attachments).toMatchObject([{ filePath: 'scripts/a.py', contentText: 'print()' }])
      expect(await catalogueOf('third')).toEqual([])
      expect(await skills.find('other', 'refunds')).toMatchObject({ skillId, source: 'registry' })
      expect(await skills.find('third', skillId)).toBeNull()
      const versionId = seen?.versionId ?? ''
      expect(String((await skills.readFiles('other', versionId, ['scripts/a.py']))[0])).toBe('print()')
      expect(await skills.readFiles('third', versionId, ['scripts/a.py'])).toEqual([null])
    })

    it('follows new versions, and passes over blocked ones', async () => {
      const { skillId } = await publishNew('acme', 'refunds')
      await registry.use('other', skillId, live)
      const [before] = await skills.epochsOf(['other'])
      await write('acme', 'refunds', { body: 'Better.' })
      const changes = await skills.changesSince('other', before ?? 0)
      expect(changes.changed).toMatchObject([{ skillId, body: 'Better.', versionNumber: 2 }])
      await write('acme', 'refunds', { body: 'Evil.', scan: blockedScan })
      expect(await catalogueOf('other')).toMatchObject([{ body: 'Better.' }])
      expect((await skills.listVersions('other', skillId)).map(({ versionNumber }) => versionNumber)).toEqual(
        [2, 1],
      )
      expect(await skills.readVersion('other', skillId, { versionNumber: 3 })).toBeNull()
      expect(await skills.readVersion('acme', skillId, { versionNumber: 3 })).not.toBeNull()
    })

    it('disappears, as changes say, when nothing safe is left or the source is deleted', async () => {
      const { skillId, version } = await publishNew('acme', 'refunds')
      await registry.use('other', skillId, live)
      const [epoch] = await skills.epochsOf(['other'])
      await opened.database.pool.query(
        `UPDATE skill_versions SET safety_status = 'blocked', is_quarantined = true WHERE id = $1`,
        [version.versionId],
      )
      expect(await registry.followSources(null)).toMatchObject([
        { workspaceId: 'other', skillId, isLost: true },
      ])
      expect(await catalogueOf('other')).toEqual([])
      expect(await skills.changesSince('other', epoch ?? 0)).toMatchObject({
        changed: [],
        removed: [skillId],
      })
      await write('acme', 'refunds', { body: 'Clean again.' })
      expect(await catalogueOf('other')).toHaveLength(1)
      await skills.delete('acme', skillId)
      await registry.followSources('acme')
      expect(await catalogueOf('other')).toEqual([])
    })

    it('stays at a pinned version, and serves nothing when that is deleted', async () => {
      const first = await publishNew('acme', 'refunds')
      await registry.use('other', first.skillId, { ...live, pinnedVersionId: first.version.versionId })
      await write('acme', 'refunds', { body: 'Better.' })
      expect(await catalogueOf('other')).toMatchObject([{ versionNumber: 1 }])
      await skills.deleteVersion('acme', first.skillId, first.version.versionId)
      await registry.followSources('acme')
      expect(await catalogueOf('other')).toEqual([])
      await registry.use('other', first.skillId, live)
      expect(await catalogueOf('other')).toMatchObject([{ versionNumber: 2 }])
    })

    it('yields to an own skill of the same name, and comes back when that goes', async () => {
      const { skillId } = await publishNew('acme', 'refunds')
      await registry.use('other', skillId, live)
      const [epoch = 0] = await skills.epochsOf(['other'])
      const own = await write('other', 'refunds', { body: 'Ours.' })
      expect(await catalogueOf('other')).toMatchObject([{ skillId: own.skillId }])
      expect((await skills.changesSince('other', epoch)).removed).toEqual([skillId])
      expect(await registry.use('other', skillId, live)).toMatchObject({ isShadowed: true })
      const [later = 0] = await skills.epochsOf(['other'])
      await skills.delete('other', own.skillId)
      expect(await catalogueOf('other')).toMatchObject([{ skillId }])
      const changes = await skills.changesSince('other', later)
      expect(changes.changed).toMatchObject([{ skillId }])
      expect(changes.removed).toEqual([own.skillId])
    })

    it('serves the last public version for 30 days after it was withdrawn, then nothing', async () => {
      const { skillId } = await publishNew('acme', 'refunds')
      await registry.use('other', skillId, live)
      now = start + day
      await registry.unpublish('acme', skillId)
      now = start + 2 * day
      await write('acme', 'refunds', { body: 'Private thoughts.' })
      expect(await catalogueOf('other')).toMatchObject([{ body: 'Body of refunds.' }])
      now = start + 30 * day
      expect(await registry.followSources(null)).toEqual([])
      now = start + 31 * day + 1
      expect(await registry.followSources(null)).toMatchObject([{ workspaceId: 'other', isLost: true }])
      expect(await catalogueOf('other')).toEqual([])
      expect(await registry.followSources(null)).toEqual([])
    })

    it('can be for some agents alone', async () => {
      const { skillId } = await publishNew('acme', 'refunds')
      const link = await registry.use('other', skillId, { ...live, scope: 'agent', agents: ['b', 'a'] })
      expect(link).toMatchObject({ scope: 'agent', agents: ['a', 'b'] })
      expect(await catalogueOf('other')).toMatchObject([
        { offerScope: 'restricted', assignedAgents: ['a', 'b'] },
      ])
      expect(await registry.stopUsing('other', skillId)).toBe(true)
      expect(await registry.stopUsing('other', skillId)).toBe(false)
      expect(await catalogueOf('other')).toEqual([])
    })
  })

  describe('a copy', () => {
    it('is made once, also by two at once', async () => {
      const { skillId, version } = await publishNew('acme', 'refunds')
      const upstream = { skillId, versionId: version.versionId }
      const claims = await Promise.allSettled([
        registry.beginFork('other', upstream),
        registry.beginFork('other', upstream),
      ])
      expect(claims.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      const copy = await write('other', 'our-refunds')
      await registry.finishFork('other', skillId, copy.skillId)
      await expect(registry.beginFork('other', upstream)).rejects.toMatchObject({
        code: 'conflict',
        options: { headers: { 'x-installed-as': 'our-refunds' } },
      })
      expect(await registry.findFork('other', copy.skillId)).toEqual({
        upstreamSkillId: skillId,
        upstreamVersionId: version.versionId,
        copyId: copy.skillId,
      })
      expect(await registry.findFork('acme', copy.skillId)).toBeNull()
      await skills.delete('other', copy.skillId)
      await registry.beginFork('other', upstream)
    })

    it('that failed does not stand in the way, nor one whose maker died', async () => {
      const { skillId, version } = await publishNew('acme', 'refunds')
      const upstream = { skillId, versionId: version.versionId }
      await registry.beginFork('other', upstream)
      await registry.finishFork('other', skillId, null)
      await registry.beginFork('other', upstream)
      await expect(registry.beginFork('other', upstream)).rejects.toMatchObject({ code: 'conflict' })
      now += 3 * 60_000
      await registry.beginFork('other', upstream)
    })

    it('forgets where it came from when the original is withdrawn', async () => {
      const { skillId, version } = await publishNew('acme', 'refunds')
      await registry.beginFork('other', { skillId, versionId: version.versionId })
      const copy = await write('other', 'our-refunds')
      await registry.finishFork('other', skillId, copy.skillId)
      expect(await registry.unpublish('acme', skillId)).toBe(1)
      expect(await registry.findFork('other', copy.skillId)).toBeNull()
    })
  })

  it('tells under which name a workspace has a skill', async () => {
    const { skillId, version } = await publishNew('acme', 'refunds')
    expect(await registry.installedAs('acme', [skillId])).toEqual(new Map([[skillId, 'refunds']]))
    expect(await registry.installedAs('other', [skillId])).toEqual(new Map())
    await registry.beginFork('other', { skillId, versionId: version.versionId })
    const copy = await write('other', 'our-refunds')
    await registry.finishFork('other', skillId, copy.skillId)
    expect(await registry.installedAs('other', [skillId])).toEqual(new Map([[skillId, 'our-refunds']]))
  })

  it('compares by the evidence of three workspaces that share theirs, and tells of no fewer', async () => {
    now = Date.UTC(2026, 5, 1)
    const { skillId } = await publishNew('acme', 'refunds')
    const count = async (workspaceId: string, daysAgo: number, numbers: readonly number[]): Promise<void> => {
      const at = new Date(now - daysAgo * day).toISOString().slice(0, 10)
      await opened.database.pool.query(
        `INSERT INTO effectiveness_rollup VALUES ($1, $2, 0, 'refunds', $3, '', '', '', 'gpt-4o', $4, 0, $5, $6, 0, 0, 0,
           0, 0, 0, 0, $7, 0, 0, $8, 0, 0, 0, $9, $10, $11, $12)`,
        [workspaceId, at, skillId, ...numbers],
      )
    }
    // Activations, passes, fails; decisions, and activated ones; passes of judged offers, and of held out ones.
    for (const workspaceId of ['a', 'b', 'c']) {
      await count(workspaceId, 40, [20, 19, 1, 25, 20, 0, 0, 0, 0])
      await count(workspaceId, 2, [20, 10, 10, 30, 20, 20, 40, 5, 20])
    }
    for (const workspaceId of ['a', 'b']) await registry.shareEvidence(workspaceId, true)
    await registry.refreshStanding(skillId)
    const untold = { passRate: null, trend: null, lift: null, activations30d: 0 }
    expect((await registry.find('refunds'))?.standing).toMatchObject(untold)
    expect(await registry.readActivations(skillId, 30)).toBeNull()
    await registry.shareEvidence('c', true)
    await registry.refreshStanding(skillId)
    expect((await registry.find('refunds'))?.standing).toMatchObject({
      ...{ trend: 'degrading', lift: 0.25, activations30d: 60 },
      passRate: expect.closeTo(87 / 120),
    })
    expect(await registry.readActivations(skillId, 30)).toEqual([
      { day: '2026-05-30', activations: 60, decisions: 90, decisionsActivated: 60, workspaces: 3 },
    ])
  })

  it('averages one rating of each workspace', async () => {
    const { skillId } = await publishNew('acme', 'refunds')
    for (const [workspaceId, rating] of [
      ['a', 5],
      ['b', 2],
      ['b', 4],
    ] as const)
      await registry.rate(workspaceId, skillId, rating)
    expect((await registry.find('refunds'))?.standing).toMatchObject({ ratingAvg: 4.5, ratingCount: 2 })
  })
})

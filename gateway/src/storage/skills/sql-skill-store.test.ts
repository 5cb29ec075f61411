import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Catalogue, CatalogueSkill } from '../../skills/catalogue.ts'
import type { SkillDraft, SkillStore } from '../../skills/skill-store.ts'
import { digestContent } from '../../skills/tree-digest.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { blockedScan, type DraftMembers, sampleDraft } from './skill-draft.fixture.ts'
import { createSqlSkillStore } from './sql-skill-store.ts'

const start = 1_750_000_000_000
const blocked = blockedScan
const draft = sampleDraft

async function loadCatalogue(store: SkillStore, workspaceId: string): Promise<Catalogue> {
  const skills: CatalogueSkill[] = []
  let page = await store.readCatalogue(workspaceId, null)
  skills.push(...page.skills)
  while (page.next !== null) {
    page = await store.readCatalogue(workspaceId, page.next)
    skills.push(...page.skills)
  }
  return { workspaceId, epoch: page.epoch, skills }
}

describe.each(await listTestDatabases())('the skill store over $name', ({ openMigrated }) => {
  let opened: OpenTestDatabase
  let store: SkillStore
  let now = start
  let announced: string[] = []

  beforeAll(async () => {
    opened = await openMigrated()
    store = createSqlSkillStore(opened.database, {
      now: () => now,
      newId: randomUUID,
      onChange: (workspaceId) => announced.push(workspaceId),
    })
  })
  beforeEach(async () => {
    now = start
    await opened.database.pool.query('TRUNCATE skills, skill_blobs, skill_workspaces CASCADE')
    announced = []
  })
  afterAll(() => opened?.dispose())

  const create = async (workspace: string, made: SkillDraft) => {
    const [written] = await store.write(workspace, [made])
    if (written === undefined) throw new Error('nothing was written')
    return written
  }
  const another = async (name: string, members: DraftMembers = {}) => {
    const skill = await store.find('acme', name)
    if (skill === null) throw new Error('no such skill')
    const base = { skillId: skill.skillId, baseVersionId: skill.latest.versionId }
    return create('acme', draft(name, { ...base, ...members }))
  }

  it('gives back what was written, by id, name and slug', async () => {
    const metadata = {
      displayName: 'PDF ✓',
      category: 'docs',
      tags: ['a', 'b,c', '"q"'],
      triggerPhrases: ['fill a form'],
      stability: 'beta',
      offerScope: 'restricted',
    } as const
    const written = await create(
      'acme',
      draft('acme/pdf', { metadata, createdBy: 'user:ada', author: 'somebody', body: 'Grüße 👋 body.' }),
    )
    const skill = await store.find('acme', 'acme/pdf')
    expect(skill).toMatchObject({
      ...metadata,
      skillId: written.skillId,
      name: 'acme/pdf',
      urlSlug: 'acme--pdf',
      description: 'About acme/pdf.',
      isActive: true,
      createdBy: 'user:ada',
      createdAt: start,
      latest: { ...written.version, versionNumber: 1, createdAtMicros: start * 1000, safetyStatus: 'clean' },
      served: written.version,
    })
    expect(await store.find('acme', 'acme--pdf')).toEqual(skill)
    expect(await store.find('acme', written.skillId.toUpperCase())).toEqual(skill)
    const text = await store.readVersion('acme', written.skillId, { versionNumber: 1 })
    expect(text).toMatchObject({ body: 'Grüße 👋 body.', files: [], ...written.version })
    expect(text?.skillMd).toContain('name: acme/pdf')
  })

  it('keeps workspaces apart', async () => {
    const { skillId, version } = await create('acme', draft('pdf', { files: { 'scripts/a.py': 'print()' } }))
    await create('globex', draft('pdf', { body: 'Another.' }))
    for (const reference of [skillId, 'nope']) expect(await store.find('globex', reference)).toBeNull()
    expect(await store.listVersions('globex', skillId)).toEqual([])
    expect(await store.readVersion('globex', skillId, { versionId: version.versionId })).toBeNull()
    expect(await store.readFiles('globex', version.versionId, ['scripts/a.py'])).toEqual([null])
    expect(await store.updateMetadata('globex', skillId, { isActive: false })).toBeNull()
    expect(await store.delete('globex', skillId)).toBe(false)
    expect(await store.deleteVersion('globex', skillId, version.versionId)).toBe(false)
    const change = draft('pdf', { skillId, baseVersionId: version.versionId, body: 'Stolen.' })
    await expect(store.write('globex', [change])).rejects.toMatchObject({ code: 'conflict' })
    expect((await store.find('acme', 'pdf'))?.latest).toEqual(version)
    expect((await loadCatalogue(store, 'globex')).skills.map(({ body }) => body)).toEqual(['Another.'])
  })

  it('refuses a name that is taken, and frees it with its skill', async () => {
    const { skillId } = await create('acme', draft('pdf'))
    await expect(create('acme', draft('pdf', { body: 'Other.' }))).rejects.toMatchObject({ code: 'conflict' })
    expect(await store.delete('acme', skillId)).toBe(true)
    expect(await store.delete('acme', skillId)).toBe(false)
    expect(await store.find('acme', 'pdf')).toBeNull()
    expect(await store.find('acme', skillId)).toBeNull()
    const again = await create('acme', draft('pdf'))
    expect(again.skillId).not.toBe(skillId)
  })

  it('writes all of a batch or nothing', async () => {
    await create('acme', draft('b'))
    await expect(store.write('acme', [draft('a'), draft('b'), draft('c')])).rejects.toMatchObject({
      code: 'conflict',
    })
    const { skills } = await store.list('acme', { limit: 10, after: null })
    expect(skills.map(({ name }) => name)).toEqual(['b'])
  })

  it('numbers versions, whose times differ although the clock stands still', async () => {
    await create('acme', draft('pdf'))
    await another('pdf', { body: 'Second.', changeSummary: 'why', author: 'bob' })
    await another('pdf', { body: 'Third.' })
    const skill = await store.find('acme', 'pdf')
    const versions = await store.listVersions('acme', skill?.skillId ?? '')
    expect(versions.map(({ versionNumber }) => versionNumber)).toEqual([3, 2, 1])
    expect(versions[1]).toMatchObject({ changeSummary: 'why', author: 'bob' })
    expect(versions.map(({ createdAtMicros }) => createdAtMicros - start * 1000)).toEqual([2, 1, 0])
    for (const version of versions) {
      const { versionId, versionNumber, createdAtMicros, contentHash, treeDigest } = version
      for (const selector of [
        ...[{ versionId }, { versionNumber }, { createdAtMicros }, { contentHash }, { treeDigest }],
      ])
        expect(await store.readVersion('acme', skill?.skillId ?? '', selector)).toMatchObject(version)
    }
    for (const selector of [{ versionId: 'nonsense' }, { versionNumber: 4 }, { treeDigest: 'x' }])
      expect(await store.readVersion('acme', skill?.skillId ?? '', selector)).toBeNull()
  })

  it('makes no version of an identical tree, and changes the rest', async () => {
    const first = await create('acme', draft('pdf', { metadata: { tags: ['x'], category: 'c' } }))
    const same = await another('pdf', { metadata: { tags: ['y'] } })
    expect(same).toMatchObject({ isNewVersion: false, version: first.version })
    expect(await store.find('acme', 'pdf')).toMatchObject({
      tags: ['y'],
      category: 'c',
      latest: first.version,
    })
  })

  it('refuses a version made from one that is no longer the newest', async () => {
    const first = await create('acme', draft('pdf'))
    await another('pdf', { body: 'Second.' })
    const stale = { skillId: first.skillId, baseVersionId: first.version.versionId, body: 'Stale.' }
    await expect(create('acme', draft('pdf', stale))).rejects.toMatchObject({ code: 'conflict' })
  })

  it('keeps files of every size once, whoever has them', async () => {
    const large = Buffer.alloc(2_500_000, 'ab')
    const files = { 'assets/large.bin': large, 'assets/empty': '', 'scripts/run.sh': 'echo ü' }
    const { skillId, version } = await create('acme', draft('pdf', { files }))
    await create('globex', draft('other', { files }))
    const read = await store.readFiles('acme', version.versionId, [
      'scripts/run.sh',
      'assets/large.bin',
      'no',
    ])
    expect(read[0] && Buffer.from(read[0]).toString()).toBe('echo ü')
    expect(read[1] && Buffer.compare(read[1], large)).toBe(0)
    expect(read[2]).toBeNull()
    const [empty] = await store.readFiles('acme', version.versionId, ['assets/empty'])
    expect(empty?.length).toBe(0)
    const text = await store.readVersion('acme', skillId, { versionNumber: 1 })
    expect(text?.files.map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual([
      ['assets/empty', 0],
      ['assets/large.bin', 2_500_000],
      ['scripts/run.sh', 7],
    ])
    const { rows } = await opened.database.pool.query('SELECT count(*)::int AS n FROM skill_blobs')
    expect(rows).toEqual([{ n: 5 }])
  })

  it('serves the newest safe version, or the default one', async () => {
    const first = await create('acme', draft('pdf'))
    await another('pdf', { body: 'Evil.', scan: blocked })
    expect(await store.find('acme', 'pdf')).toMatchObject({
      latest: { versionNumber: 2, safetyStatus: 'blocked' },
      served: first.version,
    })
    const third = await another('pdf', { body: 'Good.' })
    expect((await store.find('acme', 'pdf'))?.served).toEqual(third.version)
    const { versionId } = first.version
    const pinned = await store.updateMetadata('acme', first.skillId, { defaultVersionId: versionId })
    expect(pinned).toMatchObject({ served: first.version, defaultVersionId: versionId })
    const [row] = (await loadCatalogue(store, 'acme')).skills
    expect(row).toMatchObject({ versionNumber: 1, body: 'Body of pdf.' })
    expect(await store.deleteVersion('acme', first.skillId, versionId)).toBe(true)
    expect(await store.find('acme', 'pdf')).toMatchObject({ served: third.version, defaultVersionId: null })
    expect(await store.deleteVersion('acme', first.skillId, third.version.versionId)).toBe(true)
    expect(await store.find('acme', 'pdf')).toMatchObject({ latest: { versionNumber: 2 }, served: null })
    const fourth = await another('pdf', { body: 'Fourth.' })
    expect(fourth.version.versionNumber).toBe(4)
  })

  it('lists in pages, filtered, and quarantined ones only when asked for', async () => {
    await store.write('acme', [
      draft('b', { metadata: { category: 'Docs', stability: 'beta' } }),
      draft('a', { description: '100% Forms' }),
      draft('evil', { scan: blocked }),
      draft('B-upper'),
      draft('c'),
    ])
    const names = async (query: Partial<Parameters<SkillStore['list']>[1]>) => {
      const page = await store.list('acme', { limit: 10, after: null, ...query })
      return [page.skills.map(({ name }) => name).join(' '), page.hasMore]
    }
    expect(await names({})).toEqual(['B-upper a b c', false])
    expect(await names({ limit: 2 })).toEqual(['B-upper a', true])
    expect(await names({ limit: 2, after: 'a' })).toEqual(['b c', false])
    expect(await names({ category: 'docs' })).toEqual(['b', false])
    expect(await names({ stability: 'beta' })).toEqual(['b', false])
    expect(await names({ text: '100% FORMS' })).toEqual(['a', false])
    expect(await names({ text: '%' })).toEqual(['a', false])
    expect(await names({ text: "'; DROP TABLE skills; --" })).toEqual(['', false])
    expect(await names({ names: ['c', 'evil', 'zzz'] })).toEqual(['c', false])
    expect(await names({ safety: 'quarantined' })).toEqual(['evil', false])
    expect(await names({ safety: 'all', names: ['c', 'evil'] })).toEqual(['c evil', false])
    expect((await store.listHashes('acme')).map(({ name }) => name)).toEqual(['B-upper', 'a', 'b', 'c'])
    expect(await store.listHashes('globex')).toEqual([])
  })

  it('has a catalogue of what is eligible, and what changed in it since', async () => {
    expect(await loadCatalogue(store, 'acme')).toEqual({ workspaceId: 'acme', epoch: 0, skills: [] })
    const files = { 'scripts/a.py': 'print()', NOTICE: 'n', 'assets/x.bin': Buffer.from([0xff]) }
    const [a, b] = await store.write('acme', [
      draft('a', { files }),
      draft('b'),
      draft('c', { scan: blocked }),
      draft('d', { metadata: { isActive: false } }),
    ])
    const catalogue = await loadCatalogue(store, 'acme')
    expect(catalogue).toMatchObject({ epoch: 1 })
    expect(catalogue.skills.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(catalogue.skills[0]).toEqual({
      skillId: a?.skillId,
      name: 'a',
      urlSlug: 'a',
      displayName: null,
      description: 'About a.',
      category: null,
      tags: [],
      triggerPhrases: [],
      offerScope: 'workspace',
      versionId: a?.version.versionId,
      versionNumber: 1,
      contentHash: digestContent('Body of a.'),
      body: 'Body of a.',
      attachments: [
        { filePath: 'NOTICE', directory: '', contentType: 'text/plain', sizeBytes: 1, contentText: 'n' },
        { filePath: 'assets/x.bin', directory: 'assets', contentType: 'text/plain', sizeBytes: 1 },
        {
          ...{ filePath: 'scripts/a.py', directory: 'scripts', contentType: 'text/plain', sizeBytes: 7 },
          contentText: 'print()',
        },
      ],
      assignedAgents: [],
      pins: [],
      safetyStatus: 'clean',
    })
    await store.updateMetadata('acme', a?.skillId ?? '', { isActive: false })
    await another('b', { body: 'New.' })
    await create('acme', draft('e'))
    const changes = await store.changesSince('acme', 1)
    expect(changes).toMatchObject({ epoch: 4, removed: [a?.skillId] })
    expect(changes.changed.map(({ name, body }) => [name, body])).toEqual([
      ['b', 'New.'],
      ['e', 'Body of e.'],
    ])
    expect(await store.changesSince('acme', 4)).toMatchObject({ changed: [], removed: [] })
    await store.delete('acme', b?.skillId ?? '')
    expect(await store.changesSince('acme', 4)).toMatchObject({ epoch: 5, removed: [b?.skillId] })
    expect(await store.epochsOf(['globex', 'acme'])).toEqual([0, 5])
    const [e] = changes.changed.slice(-1)
    const wanted = [a?.skillId ?? '', b?.skillId ?? '', e?.skillId ?? '']
    expect(await store.readCatalogueSkills('acme', wanted)).toEqual([e])
    expect(await store.readCatalogueSkills('globex', wanted)).toEqual([])
  })

  it('finds candidates by the words of a request', async () => {
    await store.write('acme', [
      draft('pdf-forms', { description: 'Fill forms.' }),
      draft('sql', { description: 'Query a warehouse; forms of joins.' }),
      draft('evil-forms', { scan: blocked }),
      draft('acme/größe', { description: 'Größe messen' }),
    ])
    const find = async (request: string, limit = 10) =>
      (await store.findCandidates('acme', request, limit)).map(({ name }) => name)
    expect((await find('please FILL these pdf forms')).slice(0, 2)).toEqual(['pdf-forms', 'sql'])
    expect(await find('Größe?')).toEqual(['acme/größe'])
    for (const nothing of ['', ' !&|:*()\'" ']) {
      expect(await find(nothing, 2)).toEqual(['acme/größe', 'pdf-forms'])
    }
    expect(await find("x' | & <-> !( :* \\")).toEqual([])
    expect(await store.findCandidates('globex', 'forms', 10)).toEqual([])
  })

  it('announces what was committed and nothing else', async () => {
    await create('acme', draft('a'))
    expect(announced).toEqual(['acme'])
    await expect(create('acme', draft('a', { body: 'Twice.' }))).rejects.toThrow()
    await store.find('acme', 'a')
    expect(announced).toEqual(['acme'])
  })

  it('lets writers of one workspace wait for each other', async () => {
    const writes = Array.from({ length: 12 }, (_, n) => create('acme', draft(`s${n}`)))
    await Promise.all(writes)
    expect(await store.epochsOf(['acme'])).toEqual([12])
    expect((await store.changesSince('acme', 11)).changed).toHaveLength(1)
  })

  it.each([
    ['a character no text may hold', { description: 'a\u0000b' }],
    ['half a character', { body: 'a\ud800b' }],
  ])('refuses %s', async (_, members) => {
    const write = create('acme', draft('bad', members))
    await expect(write).rejects.toMatchObject({ code: 'invalid_request' })
  })

  it('reads thousands of skills in pages', async () => {
    const drafts = Array.from({ length: 4_100 }, (_, n) => draft(`skill-${String(n).padStart(5, '0')}`))
    for (let from = 0; from < drafts.length; from += 1_000)
      await store.write('acme', drafts.slice(from, from + 1_000))
    const { skills, epoch } = await loadCatalogue(store, 'acme')
    expect(skills.map(({ name }) => name)).toEqual(drafts.map(({ name }) => name))
    expect(epoch).toBe(5)
  })
})

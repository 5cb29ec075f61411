import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { blockedScan, type DraftMembers, sampleDraft } from '../../storage/skills/skill-draft.fixture.ts'
import { createSqlSkillStore } from '../../storage/skills/sql-skill-store.ts'
import { listTestDatabases, type OpenTestDatabase } from '../../storage/testing/test-databases.ts'
import type { SkillStore } from '../skill-store.ts'
import { digestContent } from '../tree-digest.ts'
import { type SkillReading, SkillResources } from './skill-resources.ts'

const reader = { agentName: 'ann', routingId: null }
const readings: SkillReading[] = []
const binary = Buffer.from([0, 1, 2, 255])

describe.each(await listTestDatabases())('skills as resources over $name', ({ openMigrated }) => {
  let opened: OpenTestDatabase
  let store: SkillStore
  let resources: SkillResources

  beforeAll(async () => {
    opened = await openMigrated()
    store = createSqlSkillStore(opened.database, {
      now: Date.now,
      newId: randomUUID,
      onChange: () => undefined,
    })
    resources = new SkillResources(store, (reading) => readings.push(reading))
  })
  beforeEach(async () => {
    await opened.database.pool.query('TRUNCATE skills, skill_blobs, skill_workspaces CASCADE')
  })
  afterAll(() => opened?.dispose())

  const write = async (name: string, members: DraftMembers = {}, workspaceId = 'acme') => {
    const [written] = await store.write(workspaceId, [sampleDraft(name, members)])
    if (written === undefined) throw new Error('nothing was written')
    return written
  }
  const names = async (workspaceId = 'acme') =>
    (await resources.list(workspaceId, null))?.skills.map(({ frontmatter }) => frontmatter['name'])

  it('lists every file with a digest that is true', async () => {
    await write('refunds', { files: { 'references/größe.md': 'fees', 'logo.bin': binary } })
    const listed = await resources.list('acme', null)
    expect(listed).toMatchObject({
      nextCursor: null,
      skills: [
        {
          uri: 'skill://refunds/SKILL.md',
          frontmatter: { name: 'refunds', description: 'About refunds.' },
          resources: [
            { uri: 'skill://refunds/SKILL.md' },
            { uri: 'skill://refunds/logo.bin', size: 4 },
            { uri: 'skill://refunds/references/gr%C3%B6%C3%9Fe.md', size: 4 },
          ],
        },
      ],
    })
    const [skill] = listed?.skills ?? []
    expect(await resources.get('acme', 'skill://refunds/SKILL.md')).toEqual(skill)
    for (const { uri, digest, size } of skill?.resources ?? []) {
      const read = await resources.read('acme', uri, reader)
      if (read === null) throw new Error(`${uri} cannot be read`)
      const bytes = 'text' in read ? Buffer.from(read.text) : Buffer.from(read.blob, 'base64')
      expect([read.uri, `sha256:${digestContent(bytes)}`, bytes.length]).toEqual([uri, digest, size])
    }
  })

  it('reads directories', async () => {
    await write('refunds', { files: { 'a/one.md': '1', 'a/b/two.md': '2', 'three.md': '3' } })
    const read = async (uri: string) =>
      (await resources.readDirectory('acme', uri))?.map((entry) => [entry.uri, entry.mimeType, entry.size])
    for (const uri of ['skill://refunds', 'skill://refunds/'])
      expect(await read(uri)).toEqual([
        ['skill://refunds/SKILL.md', 'text/markdown', expect.any(Number)],
        ['skill://refunds/a', 'inode/directory', undefined],
        ['skill://refunds/three.md', 'text/plain', 1],
      ])
    expect(await read('skill://refunds/a')).toEqual([
      ['skill://refunds/a/b', 'inode/directory', undefined],
      ['skill://refunds/a/one.md', 'text/plain', 1],
    ])
    for (const uri of ['skill://refunds/c', 'skill://refunds/three.md', 'skill://other', 'file:///etc'])
      expect(await read(uri)).toBeUndefined()
  })

  it('shows nothing of other workspaces, unsafe, inactive, restricted or oddly named skills', async () => {
    await write('theirs', {}, 'other')
    await write('unsafe', { scan: blockedScan })
    await write('Oddly.Named')
    await write('owner/scoped')
    await write('off', { metadata: { isActive: false } })
    await write('restricted', { metadata: { offerScope: 'restricted' } })
    await write('huge', { files: Object.fromEntries(Array.from({ length: 512 }, (_, n) => [`f${n}`, 'x'])) })
    await write('shown')
    expect(await names()).toEqual(['shown'])
    for (const name of ['theirs', 'unsafe', 'Oddly.Named', 'off', 'restricted', 'huge', '../shown', '']) {
      expect(await resources.get('acme', `skill://${name}/SKILL.md`), name).toBeNull()
      expect(await resources.read('acme', `skill://${name}/SKILL.md`, reader), name).toBeNull()
      expect(await resources.readDirectory('acme', `skill://${name}`), name).toBeNull()
    }
    for (const path of ['missing.md', '../shown/SKILL.md', '%zz', 'skill.md'])
      expect(await resources.read('acme', `skill://shown/${path}`, reader), path).toBeNull()
    expect(await resources.get('acme', 'skill://shown/other.md')).toBeNull()
  })

  it('goes on where a page ended, unless the catalogue has changed', async () => {
    const drafts = Array.from({ length: 60 }, (_, n) => sampleDraft(`skill-${String(n).padStart(2, '0')}`))
    await store.write('acme', drafts)
    const first = await resources.list('acme', null)
    expect([first?.skills.length, first?.skills[0]?.uri]).toEqual([50, 'skill://skill-00/SKILL.md'])
    const cursor = first?.nextCursor ?? ''
    const second = await resources.list('acme', cursor)
    expect([second?.skills.length, second?.nextCursor]).toEqual([10, null])
    expect(await resources.list('acme', 'nonsense')).toBeNull()
    await write('another')
    expect(await resources.list('acme', cursor)).toBeNull()
  })
})

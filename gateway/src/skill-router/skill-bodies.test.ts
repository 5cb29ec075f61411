import { beforeEach, describe, expect, it } from 'vitest'
import type { VersionText } from '../skills/skill-store.ts'
import { catalogueSkill } from './catalogue-source.fixture.ts'
import { type HotSkill, toHotSkill } from './hot-skill.ts'
import { SkillBodies } from './skill-bodies.ts'

const hotSkill = (): HotSkill => toHotSkill(catalogueSkill('refund'))

describe('SkillBodies', () => {
  let inCatalogue: HotSkill | null
  let stored: VersionText
  let reads: number
  let bodies: SkillBodies

  beforeEach(() => {
    inCatalogue = hotSkill()
    stored = { skillMd: '# Refund', isQuarantined: false } as VersionText
    reads = 0
    const readVersion = async () => {
      reads += 1
      return stored
    }
    bodies = new SkillBodies({ readVersion, readFiles: async () => [] }, () => inCatalogue)
  })

  const read = () => bodies.read('acme', 'refund', { versionId: 'v1' })

  it('reads a version once while its skill stays as it is', async () => {
    expect(await read()).toBe(stored)
    expect(await read()).toBe(stored)
    expect(reads).toBe(1)
  })

  it('reads it again once its skill has changed, so that it is held back and served again as it should be', async () => {
    await read()
    stored = { ...stored, isQuarantined: true }
    inCatalogue = hotSkill()
    expect(await read()).toMatchObject({ isQuarantined: true })
    stored = { ...stored, isQuarantined: false }
    inCatalogue = hotSkill()
    expect(await read()).toMatchObject({ isQuarantined: false })
  })

  it('does not keep what was read while a change came in', async () => {
    const before = stored
    const early = read()
    stored = { ...stored, isQuarantined: true }
    inCatalogue = hotSkill()
    expect(await early).toBe(before)
    expect(await read()).toMatchObject({ isQuarantined: true })
  })

  it('keeps nothing of skills the catalogue does not have', async () => {
    inCatalogue = null
    await read()
    await read()
    expect(reads).toBe(2)
  })

  it('keeps the latest texts up to 32 M characters', async () => {
    stored = { ...stored, skillMd: 'x'.repeat(12 * 1_048_576) }
    const readOne = (versionId: string) => bodies.read('acme', 'refund', { versionId })
    for (const id of ['v1', 'v2', 'v3']) await readOne(id)
    await readOne('v3')
    expect(reads).toBe(3)
    await readOne('v1')
    expect(reads).toBe(4)
  })
})

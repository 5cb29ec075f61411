import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readSkillReference, readVersionReference, spellId } from './skill-ids.ts'

const ids = [
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  ...Array.from({ length: 50 }, () => randomUUID()),
]

describe('ids', () => {
  it('are read back', () => {
    for (const id of ids) {
      expect(spellId('skill', id)).toMatch(/^skill_[0-9A-Za-z]{22}$/)
      expect(readSkillReference(spellId('skill', id))).toBe(id)
      expect(readVersionReference(spellId('skver', id))).toEqual({ versionId: id })
      expect(readVersionReference(id)).toEqual({ versionId: id })
    }
  })

  it('leave names alone, and take the prefixes of LiteLLM away', () => {
    const spelt = spellId('skill', ids[5] ?? '')
    for (const prefix of ['', 'litellm:', 'litellm_skill_']) {
      expect(readSkillReference(prefix + spelt)).toBe(ids[5])
      expect(readSkillReference(`${prefix}pdf-forms`)).toBe('pdf-forms')
    }
    for (const name of ['skill_tree', `skill_${'z'.repeat(22)}`, `skill_${'-'.repeat(22)}`])
      expect(readSkillReference(name)).toBe(name)
  })

  it('of versions come in every spelling', () => {
    expect(readVersionReference('3')).toEqual({ versionNumber: 3 })
    expect(readVersionReference('1759178010641129')).toEqual({ createdAtMicros: 1_759_178_010_641_129 })
    expect(readVersionReference(`sha256:${'a'.repeat(64)}`)).toEqual({ treeDigest: 'a'.repeat(64) })
    for (const nonsense of ['latest', 'v1', '', '-1', 'skver_x'])
      expect(readVersionReference(nonsense)).toBeNull()
  })
})

import type { Skill, SkillVersion } from '../skill.ts'
import { directoryOf } from '../validate/skill-name.ts'
import type { Page } from './list-page.ts'
import { spellId } from './skill-ids.ts'
import type { SkillDialect } from './wire-dialect.ts'

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString()
const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)

export function formatSkill(dialect: SkillDialect, skill: Skill): object {
  const { skillId, served, latest, createdAt, updatedAt } = skill
  const id = spellId('skill', skillId)
  if (dialect === 'openai') {
    const newest = latest.isQuarantined ? served : latest
    return {
      ...{ id, object: 'skill', name: skill.name, description: skill.description },
      created_at: seconds(createdAt),
      default_version: served === null ? null : String(served.versionNumber),
      latest_version: newest === null ? null : String(newest.versionNumber),
    }
  }
  const common = { id, type: 'skill', created_at: iso(createdAt), updated_at: iso(updatedAt) }
  if (dialect === 'anthropic-beta') {
    const latestVersion = served === null ? null : String(served.createdAtMicros)
    return { ...common, display_title: skill.displayName, latest_version: latestVersion, source: 'custom' }
  }
  return {
    ...common,
    display_name: skill.displayName ?? skill.name,
    latest_version_id: served === null ? null : spellId('skver', served.versionId),
    source: { type: 'custom' },
  }
}

export function formatVersion(dialect: SkillDialect, skill: Skill, version: SkillVersion): object {
  const { versionId, versionNumber, description, createdAtMicros } = version
  const directory = directoryOf(skill.name)
  const common = {
    id: spellId('skver', versionId),
    skill_id: spellId('skill', skill.skillId),
    name: directory,
    description,
  }
  const created = createdAtMicros / 1000
  if (dialect === 'openai')
    return {
      ...common,
      object: 'skill.version',
      version: String(versionNumber),
      created_at: seconds(created),
    }
  const answer = { ...common, type: 'skill_version', created_at: iso(created) }
  return dialect === 'anthropic' ? answer : { ...answer, directory, version: String(createdAtMicros) }
}

export function formatDeletedSkill(dialect: SkillDialect, skill: Skill): object {
  const id = spellId('skill', skill.skillId)
  return dialect === 'openai' ? { id, object: 'skill.deleted', deleted: true } : { id, type: 'skill_deleted' }
}

export function formatDeletedVersion(dialect: SkillDialect, version: SkillVersion): object {
  const id = spellId('skver', version.versionId)
  if (dialect === 'openai')
    return { id, object: 'skill.version.deleted', deleted: true, version: String(version.versionNumber) }
  return { id: dialect === 'anthropic' ? id : String(version.createdAtMicros), type: 'skill_version_deleted' }
}

/** Both vendors' members of a list, since a plain client may read either. */
export function formatList({ items, hasMore, next }: Page<object>): object {
  const idOf = (row: object | undefined): unknown => (row !== undefined && 'id' in row ? row.id : null)
  return {
    object: 'list',
    data: items,
    has_more: hasMore,
    next_page: next,
    first_id: idOf(items[0]),
    last_id: idOf(items.at(-1)),
  }
}

import type { Skill, SkillVersion } from '../skill.ts'

const time = (milliseconds: number): string => new Date(milliseconds).toISOString()

/** The wire form of a skill; without `body` it is a row of a list. */
export function formatSkill(skill: Skill, body?: string): object {
  const shown = skill.served ?? skill.latest
  return {
    id: skill.skillId,
    skill_id: skill.skillId,
    name: skill.name,
    url_slug: skill.urlSlug,
    display_name: skill.displayName,
    description: skill.description,
    category: skill.category,
    tags: skill.tags,
    trigger_phrases: skill.triggerPhrases,
    stability: skill.stability,
    skill_type: skill.skillType,
    skill_scope: skill.skillScope,
    invocation: skill.invocation,
    is_active: skill.isActive,
    offer_scope: skill.offerScope,
    visibility: skill.visibility,
    ...(body === undefined ? {} : { body_markdown: body }),
    latest_version: {
      id: shown.versionId,
      version_number: shown.versionNumber,
      content_hash: shown.contentHash,
      created_at: time(shown.createdAtMicros / 1000),
    },
    safety_status: shown.safetyStatus,
    quarantined_version: skill.latest.isQuarantined ? skill.latest.versionNumber : null,
    source: skill.source,
    created_at: time(skill.createdAt),
    updated_at: time(skill.updatedAt),
  }
}

export function formatVersion(version: SkillVersion): object {
  return {
    id: version.versionId,
    version_number: version.versionNumber,
    content_hash: version.contentHash,
    tree_digest: version.treeDigest,
    change_summary: version.changeSummary,
    author: version.author,
    safety_status: version.safetyStatus,
    created_at: time(version.createdAtMicros / 1000),
  }
}

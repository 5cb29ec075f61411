import type { SkillMetadata } from '../skill.ts'
import type { MetadataFields } from './skill-fields.ts'

/** The given fields in our own names; absent and null ones are left out. */
export function readMetadata(fields: Partial<MetadataFields>): Partial<SkillMetadata> {
  const given = {
    displayName: fields.display_name,
    category: fields.category,
    stability: fields.stability,
    tags: fields.tags,
    triggerPhrases: fields.trigger_phrases,
    skillType: fields.skill_type,
    skillScope: fields.skill_scope,
    invocation: fields.invocation,
    isActive: fields.is_active,
    offerScope: fields.offer_scope,
  }
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined && value !== null),
  )
}

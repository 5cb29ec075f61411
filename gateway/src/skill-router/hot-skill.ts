import { type MenuEntry, type SkillDocument, toMenuEntry } from '@routeiq/router'
import type { CatalogueAttachment, CataloguePin, CatalogueSkill } from '../skills/catalogue.ts'

/** A version as answers name it. */
export interface HotVersion {
  readonly versionId: string
  readonly versionNumber: number
  readonly contentHash: string
}

/** What stays in memory of a skill: all that an answer says of it, without its text. */
export interface HotSkill extends MenuEntry {
  readonly urlSlug: string
  /** As written; `description` is what menus show of it. */
  readonly fullDescription: string
  readonly category: string | null
  readonly tags: readonly string[]
  readonly triggerPhrases: readonly string[]
  /** What is served to agents nobody pinned. */
  readonly version: HotVersion
  readonly isRestricted: boolean
  readonly assignedAgents: readonly string[]
  readonly pins: readonly CataloguePin[]
  readonly attachments: readonly CatalogueAttachment[]
}

const none: readonly never[] = Object.freeze([])
const keep = <Item>(items: readonly Item[]): readonly Item[] => (items.length === 0 ? none : items)

/** Member by member: a spread gives each skill a hidden class of its own, which makes every look at one slow. */
export function toHotSkill(skill: CatalogueSkill): HotSkill {
  const { skillId, name, description } = toMenuEntry(skill)
  return {
    skillId,
    name,
    description,
    urlSlug: skill.urlSlug,
    fullDescription: skill.description,
    category: skill.category,
    tags: keep(skill.tags),
    triggerPhrases: keep(skill.triggerPhrases),
    version: {
      versionId: skill.versionId,
      versionNumber: skill.versionNumber,
      contentHash: skill.contentHash,
    },
    isRestricted: skill.offerScope === 'restricted',
    assignedAgents: keep(skill.assignedAgents),
    pins: keep(skill.pins),
    attachments: keep(skill.attachments),
  }
}

/** What retrieval reads of a skill; `feedback` is requests it was right for. */
export function toDocument(skill: CatalogueSkill, feedback: readonly string[]): SkillDocument {
  const { skillId, name, description, triggerPhrases, tags, category, body } = skill
  return { id: skillId, name, description, triggerPhrases, tags, category, body, feedback }
}

/** Whether an agent may be offered it; null stands for callers that named no agent. */
export function isEligible({ isRestricted, assignedAgents }: HotSkill, agent: string | null): boolean {
  return !isRestricted || (agent !== null && assignedAgents.includes(agent))
}

/** The version an agent is served: its own pin, else the workspace's, else the newest that may be served. */
export function versionFor({ version, pins }: HotSkill, agent: string | null): HotVersion {
  if (pins.length === 0) return version
  const pinned = pins.find((pin) => pin.agent === agent) ?? pins.find((pin) => pin.agent === null)
  return pinned ?? version
}

import type { EvidenceDependencies } from './evidence-dependencies.ts'
import { notFound } from './read-query.ts'

export interface FoundSkill {
  readonly name: string
  /** Null for a skill that is only known from what was recorded of it. */
  readonly skillId: string | null
}

/**
 * The skill meant by a name, slug or id; a deleted or foreign one by the name it was recorded under. Errors:
 * `not_found` when neither the store nor any record of this workspace knows it.
 */
export async function requireSkill(
  { skills, store }: Pick<EvidenceDependencies, 'skills' | 'store'>,
  workspaceId: string,
  reference: string,
): Promise<FoundSkill> {
  const skill = await skills.find(workspaceId, reference)
  if (skill !== null) return { name: skill.name, skillId: skill.skillId }
  await store.refreshRollup(workspaceId)
  const query = { from: '2000-01-01', to: '2999-12-31', by: ['skill_name'], skillName: reference } as const
  if ((await store.readRollup(workspaceId, query)).length > 0) return { name: reference, skillId: null }
  throw notFound(`There is no skill ${JSON.stringify(reference.slice(0, 128))}.`)
}

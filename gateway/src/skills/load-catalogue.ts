import type { Catalogue, CatalogueSkill } from './catalogue.ts'
import type { SkillStore } from './skill-store.ts'

/**
 * Reads a whole catalogue page by page, so that no answer of the store is large. What was written meanwhile is applied
 * at the end, which makes the result that of one epoch.
 */
export async function loadCatalogue(
  store: Pick<SkillStore, 'readCatalogue' | 'changesSince'>,
  workspaceId: string,
): Promise<Catalogue> {
  const byId = new Map<string, CatalogueSkill>()
  let firstEpoch: number | null = null
  let after: string | null = null
  do {
    const page = await store.readCatalogue(workspaceId, after)
    firstEpoch ??= page.epoch
    for (const skill of page.skills) byId.set(skill.skillId, skill)
    after = page.next
  } while (after !== null)
  const { epoch, changed, removed } = await store.changesSince(workspaceId, firstEpoch)
  for (const skillId of removed) byId.delete(skillId)
  for (const skill of changed) byId.set(skill.skillId, skill)
  const skills = [...byId.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  return { workspaceId, epoch, skills }
}

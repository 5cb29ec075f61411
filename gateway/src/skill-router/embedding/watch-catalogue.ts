import type { CatalogueSkill } from '../../skills/catalogue.ts'
import type { CatalogueSource } from '../load-hot-catalogue.ts'

/** A source whose readers are followed: `onRead` sees every skill before it is indexed. */
export function watchCatalogue(
  source: CatalogueSource,
  onRead: (workspaceId: string, skills: readonly CatalogueSkill[]) => void,
): CatalogueSource {
  return {
    findCandidates: (...request) => source.findCandidates(...request),
    readCatalogueSkills: (workspaceId, skillIds) => source.readCatalogueSkills(workspaceId, skillIds),
    epochsOf: (workspaceIds) => source.epochsOf(workspaceIds),
    async readCatalogue(workspaceId, after) {
      const page = await source.readCatalogue(workspaceId, after)
      onRead(workspaceId, page.skills)
      return page
    },
    async changesSince(workspaceId, epoch) {
      const changes = await source.changesSince(workspaceId, epoch)
      onRead(workspaceId, changes.changed)
      return changes
    },
  }
}

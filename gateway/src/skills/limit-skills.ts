import type { Quotas } from '../quotas/quotas.ts'
import type { SkillStore } from './skill-store.ts'

/** The same store, which makes no more skills than the workspace may have, whoever asks it to. */
export function limitSkills(store: SkillStore, quotas: Pick<Quotas, 'limitOf'>): SkillStore {
  const limited: SkillStore = Object.create(store)
  limited.write = (workspaceId, drafts) =>
    store.write(workspaceId, drafts, quotas.limitOf(workspaceId, 'skills'))
  return limited
}

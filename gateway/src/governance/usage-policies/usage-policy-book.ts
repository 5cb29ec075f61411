import type { SubjectStore } from '../../storage/subject-store.ts'
import { readUsagePolicy, type UsagePolicy } from './usage-policy.ts'

/** More than anybody can oversee. */
const maxUsagePolicies = 10_000

/** All usage policies, by the workspace they are of where one is named. Rejects when the database is away. */
export async function listUsagePolicies(
  subjects: Pick<SubjectStore, 'list'>,
  workspaceId: string | null = null,
): Promise<readonly UsagePolicy[]> {
  const { records } = await subjects.list('usage_policy', { page: 1, size: maxUsagePolicies })
  const policies = records.flatMap(({ id, settings }) => readUsagePolicy(id, settings) ?? [])
  return workspaceId === null ? policies : policies.filter(({ workspace_id }) => workspace_id === workspaceId)
}

import type { SubjectRecord } from '../../storage/subject-store.ts'

/** A budget as the management routes show it; times are ISO 8601. */
export function formatBudget(record: SubjectRecord): Record<string, unknown> {
  const limits = {
    max_budget: null,
    soft_budget: null,
    budget_duration: null,
    tpm_limit: null,
    rpm_limit: null,
    max_parallel_requests: null,
    model_max_budget: null,
  }
  return {
    ...limits,
    ...record.settings,
    budget_id: record.id,
    created_by: record.createdBy,
    created_at: new Date(record.createdAt).toISOString(),
    updated_at: new Date(record.updatedAt).toISOString(),
  }
}

import { isUuid } from '../../uuid.ts'
import type { Trace, Verdict } from '../traces/trace.ts'
import type { EvidenceDependencies } from './evidence-dependencies.ts'
import { notFound } from './read-query.ts'

/** The trace of this workspace. Errors: `not_found`, for another workspace's as for an unknown one. */
export async function requireTrace(
  { store }: Pick<EvidenceDependencies, 'store'>,
  workspaceId: string,
  id: string | undefined,
): Promise<Trace & { readonly verdict: Verdict | null }> {
  const trace = id !== undefined && isUuid(id) ? await store.findTrace(workspaceId, id) : null
  if (trace === null) throw notFound(`There is no trace ${JSON.stringify((id ?? '').slice(0, 64))}.`)
  return trace
}

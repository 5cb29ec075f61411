import type { QuotaPrincipal } from '../../quotas/quota.ts'
import { parseTrace } from '../traces/parse-trace.ts'
import type { NewTrace } from '../traces/trace.ts'
import { RepeatedTrace, TraceError } from '../traces/trace-error.ts'
import type { EvidenceDependencies } from './evidence-dependencies.ts'

/** What became of each trace of a batch, in its order. */
export type IngestResult = { readonly trace: NewTrace } | { readonly error: TraceError }

/**
 * Checks traces and keeps the good ones; when it resolves they are durable. A trace whose id is taken, or whose
 * manifest nobody registered, is refused like one that breaks a rule. Rejects with `storage_unavailable`, or
 * `quota_exceeded` when the month has no room for all the good ones, and then none is kept.
 */
export async function ingestTraces(
  deps: EvidenceDependencies,
  principal: QuotaPrincipal,
  bodies: readonly unknown[],
): Promise<readonly IngestResult[]> {
  const { workspaceId } = principal
  const context = { now: deps.now(), newId: deps.newId, requireManifest: deps.requireManifest }
  const parsed = bodies.map((body) => capture(() => parseTrace(body, context)))
  const checked = await refuseUnknownManifests(deps, workspaceId, refuseRepeated(parsed))
  const good = checked.flatMap((result) => ('trace' in result ? [result.trace] : []))
  if (good.length === 0) {
    deps.countTraces('refused', bodies.length)
    return checked
  }
  await deps.quotas.take(principal, 'traces_month', good.length)
  const saved = await writeCounted(deps, workspaceId, good)
  deps.countTraces('stored', saved.size)
  deps.countTraces('refused', bodies.length - saved.size)
  return checked.map((result) =>
    'trace' in result && !saved.has(result.trace.id) ? { error: new RepeatedTrace(result.trace.id) } : result,
  )
}

async function writeCounted(
  { traceWriter, countTraces }: EvidenceDependencies,
  workspaceId: string,
  traces: readonly NewTrace[],
): Promise<ReadonlySet<string>> {
  try {
    return await traceWriter.write(workspaceId, traces)
  } catch (error) {
    countTraces('failed', traces.length)
    throw error
  }
}

function capture(parse: () => NewTrace): IngestResult {
  try {
    return { trace: parse() }
  } catch (error) {
    if (error instanceof TraceError) return { error }
    throw error
  }
}

function refuseRepeated(results: readonly IngestResult[]): readonly IngestResult[] {
  const seen = new Set<string>()
  return results.map((result) => {
    if ('error' in result) return result
    if (seen.has(result.trace.id)) return { error: new RepeatedTrace(result.trace.id) }
    seen.add(result.trace.id)
    return result
  })
}

async function refuseUnknownManifests(
  { store }: EvidenceDependencies,
  workspaceId: string,
  results: readonly IngestResult[],
): Promise<readonly IngestResult[]> {
  const wanted = results.flatMap((result) =>
    'trace' in result && result.trace.manifestId !== null ? [result.trace.manifestId] : [],
  )
  if (wanted.length === 0) return results
  const known = new Set(await store.knownManifests(workspaceId, [...new Set(wanted)]))
  return results.map((result) => {
    const id = 'trace' in result ? result.trace.manifestId : null
    if (id === null || known.has(id)) return result
    return { error: new TraceError(`manifest_id ${id} is not registered; see POST /api/v1/manifests`) }
  })
}

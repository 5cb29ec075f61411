import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import { queryOf } from '../../http/path.ts'
import { readBody } from '../../http/read-body.ts'
import type { Route } from '../../http/router.ts'
import { workspaceOf } from '../../identity/workspace.ts'
import { authenticate } from '../../pipeline/authenticate.ts'
import type { QuotaPrincipal } from '../../quotas/quota.ts'
import { restEndpoint } from '../../rest/rest-endpoint.ts'
import { restRoute } from '../../rest/rest-route.ts'
import type { EvidenceDependencies } from './evidence-dependencies.ts'
import { ingestTraces } from './ingest-traces.ts'
import { readText } from './read-query.ts'
import { readTraceFile } from './read-trace-file.ts'

const maxBytes = 10 * 1_048_576

/** History from elsewhere, through the same checks as new traces. */
export function importRoutes(deps: EvidenceDependencies): Route<Endpoint>[] {
  const bulk = importTraces(deps)
  const file = importFile(deps)
  return [
    restRoute('POST', '/import/traces', bulk),
    restRoute('POST', '/traces/import-bulk', bulk),
    restRoute('POST', '/import/jsonl', file),
    restRoute('POST', '/traces/import', file),
  ]
}

const bulkSchema = z.object({ traces: z.array(z.unknown()), agent_name: z.string().nullish() })

function importTraces(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: bulkSchema,
    answer: async ({ workspaceId, caller, body }) => {
      const rows = body.traces.map((trace) => ({ trace, error: null }))
      return {
        body: await importRows(deps, { workspaceId, keyHash: caller.keyHash }, rows, body.agent_name ?? null),
      }
    },
  })
}

/** A line a trace: the body itself, or a form with the file as clients upload it. */
function importFile(deps: EvidenceDependencies): Endpoint {
  return {
    errors: 'api-v1',
    handle: async (exchange) => {
      const caller = await authenticate(deps.identity, exchange, 'user')
      const workspaceId = workspaceOf(caller, exchange.header('x-workspace-id'))
      const bytes = await readBody(exchange.request, maxBytes)
      const { rows, agentName } = readTraceFile(bytes, exchange.header('content-type') ?? '')
      const named = agentName ?? readText(queryOf(exchange.target), 'agent_name')
      const principal = { workspaceId, keyHash: caller.keyHash }
      exchange.sendJson(200, await importRows(deps, principal, rows, named))
    },
  }
}

interface ImportedRow {
  readonly trace: unknown
  /** Why it cannot be read at all. */
  readonly error: string | null
}

async function importRows(
  deps: EvidenceDependencies,
  principal: QuotaPrincipal,
  rows: readonly ImportedRow[],
  agentName: string | null,
): Promise<object> {
  const readable = rows.flatMap(({ trace, error }, index) => (error === null ? [{ trace, index }] : []))
  const results = await ingestTraces(
    deps,
    principal,
    readable.map(({ trace }) => withAgent(trace, agentName)),
  )
  const refused = results.flatMap((result, place) =>
    'error' in result ? [{ index: readable[place]?.index ?? place, message: result.error.message }] : [],
  )
  const unreadable = rows.flatMap(({ error }, index) => (error === null ? [] : [{ index, message: error }]))
  const errors = [...unreadable, ...refused].sort((left, right) => left.index - right.index)
  return { imported_count: results.length - refused.length, error_count: errors.length, errors }
}

/** For rows that do not name their agent. */
function withAgent(trace: unknown, agentName: string | null): unknown {
  if (agentName === null || typeof trace !== 'object' || trace === null || Array.isArray(trace)) return trace
  const { agent_name: own } = trace as { agent_name?: unknown }
  return own == null || own === '' ? { ...trace, agent_name: agentName } : trace
}

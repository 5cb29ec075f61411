import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Route } from '../../http/router.ts'
import type { QuotaPrincipal } from '../../quotas/quota.ts'
import { restEndpoint } from '../../rest/rest-endpoint.ts'
import { restRoute } from '../../rest/rest-route.ts'
import type { NewTrace } from '../traces/trace.ts'
import { TraceError } from '../traces/trace-error.ts'
import type { TraceQuery } from '../traces/trace-store.ts'
import type { EvidenceDependencies } from './evidence-dependencies.ts'
import { formatListedTrace, formatTrace } from './format-trace.ts'
import { ingestTraces } from './ingest-traces.ts'
import { readNumber, readText } from './read-query.ts'
import { requireTrace } from './require-trace.ts'

/** `/api/v1/traces`: what agents report about their runs. */
export function traceRoutes(deps: EvidenceDependencies): Route<Endpoint>[] {
  return [
    restRoute('POST', '/traces', postTrace(deps)),
    restRoute('POST', '/traces/batch', postBatch(deps)),
    restRoute('GET', '/traces', listTraces(deps)),
    restRoute('GET', '/traces/stats', showStats(deps)),
    restRoute('GET', '/traces/{id}', showTrace(deps)),
  ]
}

function postTrace(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: z.unknown(),
    answer: async ({ body, workspaceId, caller, exchange }) => {
      const principal = { workspaceId, keyHash: caller.keyHash }
      try {
        return { body: await once(deps, principal, exchange, () => keepTrace(deps, principal, body)) }
      } catch (error) {
        if (error instanceof TraceError) return refuse(error, exchange)
        throw error
      }
    },
  })
}

/** A repeated request is told what the first one was; one that was refused may be sent again, corrected. */
function once(
  { idempotent }: EvidenceDependencies,
  { workspaceId, keyHash }: QuotaPrincipal,
  exchange: Exchange,
  answer: () => Promise<object>,
): Promise<object> {
  return idempotent.run(`traces:${workspaceId}:${keyHash ?? ''}`, exchange.header('idempotency-key'), answer)
}

/** Errors: `TraceError` for one that is not kept. */
async function keepTrace(
  deps: EvidenceDependencies,
  principal: QuotaPrincipal,
  body: unknown,
): Promise<object> {
  const [result] = await ingestTraces(deps, principal, [body])
  if (result === undefined) throw new Error('one trace in, no result out')
  if ('error' in result) throw result.error
  return describeSaved(result.trace)
}

/** 422 for the wrong shape; else 400 in the form that clients of traces read. */
function refuse(error: TraceError, exchange: Exchange): { status: number; body: object } {
  if (error.issues !== null) {
    throw new GatewayError('validation_failed', error.message, { extras: { issues: error.issues } })
  }
  const detail = `Trace validation failed: ${error.message}`
  const code = { error_code: 'TRACE_VALIDATION_FAILED', code: 'trace_validation_failed' }
  return { status: 400, body: { detail, ...code, request_id: exchange.requestId } }
}

function describeSaved({ id, agentName, document }: NewTrace): object {
  const { spans, llm_calls: calls } = document as { spans: unknown[]; llm_calls: unknown[] }
  return {
    status: 'ok',
    id,
    trace_id: id,
    agent_name: agentName,
    spans: spans.length,
    llm_calls: calls.length,
  }
}

function postBatch(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: z.array(z.unknown()),
    answer: async ({ body, workspaceId, caller, exchange }) => {
      const principal = { workspaceId, keyHash: caller.keyHash }
      return { body: await once(deps, principal, exchange, () => keepTraces(deps, principal, body)) }
    },
  })
}

async function keepTraces(
  deps: EvidenceDependencies,
  principal: QuotaPrincipal,
  bodies: readonly unknown[],
): Promise<object> {
  const results = await ingestTraces(deps, principal, bodies)
  const ids = results.flatMap((result) => ('trace' in result ? [result.trace.id] : []))
  const errors = results.flatMap((result, index) =>
    'error' in result ? [{ index, message: result.error.message }] : [],
  )
  return { count: ids.length, trace_ids: ids, errors }
}

const verdicts = ['pass', 'fail', 'unjudged'] as const

function listTraces(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ query, workspaceId }) => {
      const wanted = readTraceQuery(query)
      const { traces, total } = await deps.store.listTraces(workspaceId, wanted)
      const { limit, offset } = wanted
      return { body: { traces: traces.map(formatListedTrace), total, limit, offset } }
    },
  })
}

function readTraceQuery(query: URLSearchParams): TraceQuery {
  const text = (name: string, member: keyof TraceQuery): object => {
    const value = readText(query, name)
    return value === null ? {} : { [member]: value }
  }
  const verdict = verdicts.find((name) => name === query.get('eval_verdict'))
  return {
    limit: readNumber(query, 'limit', { fallback: 20, most: 500 }),
    offset: readNumber(query, 'offset', { fallback: 0, least: 0, most: 1_000_000 }),
    ...text('status', 'status'),
    ...text('agent_name', 'agentName'),
    ...text('manifest', 'manifestId'),
    ...text('search', 'search'),
    ...text('routing_id', 'routingId'),
    ...text('skill', 'skill'),
    ...(verdict === undefined ? {} : { verdict }),
  }
}

function showStats(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ query, workspaceId }) => {
      const stats = await deps.store.traceStats(workspaceId, readText(query, 'agent_name'))
      const judged = stats.passed + stats.failed
      return {
        body: {
          total: stats.total,
          by_status: stats.byStatus,
          error_rate: stats.total === 0 ? null : (stats.byStatus['error'] ?? 0) / stats.total,
          judged_count: judged,
          pass_rate: judged === 0 ? null : stats.passed / judged,
          avg_latency_ms: stats.averageLatencyMs,
          total_cost_usd: stats.totalCostUsd,
        },
      }
    },
  })
}

function showTrace(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ params, workspaceId }) => {
      const trace = await requireTrace(deps, workspaceId, params['id'])
      const outcomes = await deps.store.listOutcomes(workspaceId, [trace.id, ...trace.routingIds])
      return { body: formatTrace(trace, outcomes) }
    },
  })
}

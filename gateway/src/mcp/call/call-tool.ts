import type { McpResult } from '../upstream/upstream-session.ts'
import type { CatalogueView, ViewItem } from '../view/catalogue-view.ts'
import type { Downstream } from './downstream.ts'
import { type RelayDependencies, relay } from './relay.ts'
import { invalidParams, RpcError } from './rpc-error.ts'
import { priceOf, type ToolCall } from './tool-call.ts'

/** Why a tool is not called, before its server is asked. */
export type ToolRefusal =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'ambiguous'; readonly candidates: readonly string[] }
  | { readonly kind: 'quarantined'; readonly tool: ViewItem }

/** The tool a name stands for. */
export function findTool(
  view: CatalogueView,
  name: string,
): { readonly tool: ViewItem } | { readonly refusal: ToolRefusal } {
  const found = view.findTool(name)
  if (found === null) return { refusal: { kind: 'unknown' } }
  if ('candidates' in found) return { refusal: { kind: 'ambiguous', candidates: found.candidates } }
  const { item } = found
  return item.isQuarantined ? { refusal: { kind: 'quarantined', tool: item } } : { tool: item }
}

/**
 * Calls a tool whose arguments have been checked, and books the call when it is over. Errors: rejects with an `RpcError`, or
 * with a `GatewayError` when limits of the caller refuse it.
 */
export async function callTool(
  deps: RelayDependencies,
  downstream: Downstream,
  tool: ViewItem,
  params: Readonly<Record<string, unknown>>,
  timeoutMs: number,
): Promise<McpResult> {
  if (tool.isDeclared) {
    const message = `The server does not offer ${tool.name}; it was only registered by hand.`
    throw new RpcError(invalidParams, message, { reason: 'tool_not_found' })
  }
  const { caller, origin } = downstream
  const admission = await deps.admitTool(caller, tool)
  const startedAt = deps.now()
  const input = (params['arguments'] ?? {}) as ToolCall['input']
  const settle = (outcome: string, result: McpResult | null): void => {
    const hasRun = outcome === 'success' || outcome === 'tool_error'
    const costPico = hasRun ? priceOf(tool) : null
    admission?.settle(costPico)
    const endedAt = deps.now()
    deps.settleTool({ tool, caller, origin, startedAt, endedAt, outcome, input, result, costPico })
  }
  try {
    const result = await relay(deps, downstream, {
      server: tool.server,
      method: 'tools/call',
      params: { ...params, name: tool.name },
      name: tool.name,
      schema: tool.definition.description['inputSchema'],
      timeoutMs,
    })
    // The client is asked something first; the call goes on with another request.
    if (result['resultType'] === 'input_required') admission?.settle(null)
    else settle(result['isError'] === true ? 'tool_error' : 'success', result)
    return result
  } catch (error) {
    settle(outcomeOf(error), null)
    throw error
  }
}

/** A word for metrics and records: what kind of failure it was. */
function outcomeOf(error: unknown): string {
  const { data } = error as { data?: { reason?: unknown } | null }
  return typeof data?.reason === 'string' ? data.reason : 'upstream_error'
}

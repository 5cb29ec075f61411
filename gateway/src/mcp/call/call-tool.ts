import type { McpResult } from '../upstream/upstream-session.ts'
import type { CatalogueView, ViewItem } from '../view/catalogue-view.ts'
import type { Downstream } from './downstream.ts'
import { type RelayDependencies, relay } from './relay.ts'
import { invalidParams, RpcError } from './rpc-error.ts'
import { findArgumentProblem } from './validate-arguments.ts'

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

/** Calls a tool whose arguments have been checked. Errors: rejects with an `RpcError`. */
export function callTool(
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
  return relay(deps, downstream, {
    server: tool.server,
    method: 'tools/call',
    params: { ...params, name: tool.name },
    name: tool.name,
    schema: tool.definition.description['inputSchema'],
    timeoutMs,
  })
}

export function findToolArgumentProblem(tool: ViewItem, args: unknown): string | null {
  return findArgumentProblem(tool.definition.description['inputSchema'], args)
}

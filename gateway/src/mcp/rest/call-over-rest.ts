import { GatewayError } from '@routeiq/contract'
import type { Exchange } from '../../http/exchange.ts'
import type { Caller } from '../../identity/caller.ts'
import { findTool } from '../call/call-tool.ts'
import type { McpGateway } from '../mcp-gateway.ts'
import { serverNotFound } from '../registry/mcp-registry.ts'
import type { CatalogueView, ViewItem } from '../view/catalogue-view.ts'

/** Everything the caller may see. */
export async function wholeView(gateway: McpGateway, caller: Caller): Promise<CatalogueView> {
  const view = await gateway.settledViews.find(caller, { selector: null })
  if (view === null) throw new Error('a selection of everything names nothing')
  return view
}

/**
 * The tool a name stands for, at one server when it is named. Errors: 404 `tool_not_found`, 404 `server_not_found`, 409
 * `tool_ambiguous`, 403 `tool_quarantined`.
 */
export async function requireTool(
  gateway: McpGateway,
  caller: Caller,
  name: string,
  serverId: string | null,
): Promise<ViewItem> {
  const view = await gateway.settledViews.find(
    caller,
    { selector: serverId },
    (known) => known.findTool(name) !== null,
  )
  if (view === null) throw serverNotFound(serverId ?? '')
  const found = findTool(view, name)
  if ('tool' in found) return found.tool
  const { refusal } = found
  if (refusal.kind === 'unknown') throw new GatewayError('tool_not_found', `There is no tool ${name}.`)
  if (refusal.kind === 'ambiguous') {
    const { candidates } = refusal
    const message = `Several servers have a tool ${name}; send server_id, or one of: ${candidates.join(', ')}.`
    throw new GatewayError('tool_ambiguous', message, { extras: { candidates } })
  }
  throw new GatewayError('tool_quarantined', `The definition of ${name} waits for an admin to approve it.`)
}

/** Errors: 400 `tool_invocation_failed` with a reason. */
export async function callOverRest(
  gateway: McpGateway,
  caller: Caller,
  exchange: Exchange,
  tool: ViewItem,
  args: unknown,
): Promise<Record<string, unknown>> {
  const problem = gateway.calls.findArgumentProblem(tool, args)
  if (problem !== null)
    throw invocationFailed('invalid_arguments', `The arguments of ${tool.name}: ${problem}`)
  const gone = new AbortController()
  exchange.whenClientGone(() => gone.abort(new Error('the client has left')))
  const { headers } = exchange.request
  const result = await gateway.calls
    .call(caller, tool, args, { headers, origin: exchange, signal: gone.signal })
    .catch(fail)
  if (result['resultType'] === 'input_required')
    throw invocationFailed('input_required', `${tool.name} asks its user something; call it through /mcp.`)
  const { resultType: _, ...plain } = result
  return plain
}

function fail(error: unknown): never {
  const { code, data } = error as {
    code?: unknown
    data?: { reason?: unknown; authorize_url?: unknown } | null
  }
  if (!(error instanceof Error) || typeof code !== 'number') throw error
  if (data?.reason === 'sign_in')
    throw new GatewayError('upstream_auth_required', error.message, {
      extras: { authorize_url: data.authorize_url ?? null },
    })
  throw invocationFailed(reasonOf(data?.reason), error.message)
}

function reasonOf(reason: unknown): string {
  if (reason === 'timeout' || reason === 'tool_not_found' || reason === 'auth_required') return reason
  return reason === 'blocked' ? 'ssrf_blocked' : 'upstream_error'
}

function invocationFailed(reason: string, message: string): GatewayError {
  return new GatewayError('tool_invocation_failed', message, { extras: { reason } })
}

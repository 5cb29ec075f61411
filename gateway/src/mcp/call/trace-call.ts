import type { RequestTrace } from '../../telemetry/spans/request-trace.ts'
import type { Attributes } from '../../telemetry/spans/span.ts'
import { aliasOf, type McpServer } from '../server.ts'
import type { UpstreamAttempt } from '../upstream/upstreams.ts'
import type { TracedMessage } from './downstream.ts'
import type { ToolCall } from './tool-call.ts'

/** What was asked of a server. */
interface Asked {
  readonly server: McpServer
  readonly method: string
  /** Of the tool or prompt, or the address of the resource. */
  readonly name: string
}

/** One try at a server as a span of its request. Neither arguments nor results are in it. */
export function traceAttempt(
  trace: RequestTrace,
  asked: Asked,
  { startedAt, endedAt, protocolVersion, result, failure }: UpstreamAttempt,
): void {
  const problem = failure?.kind ?? (result?.['isError'] === true ? 'tool_error' : null)
  trace.addSpan({
    name: nameOf(asked),
    kind: 'client',
    startedAt,
    endedAt,
    attributes: {
      ...describe(asked, startedAt, endedAt, problem),
      'mcp.protocol.version': protocolVersion,
      'network.transport': asked.server.settings.transport === 'stdio' ? 'pipe' : 'tcp',
    },
    error: problem,
  })
}

/** A call of a tool as a span of its request, from the moment it was let through; whatever was tried is beside it. */
export function traceToolCall({ tool, origin, startedAt, endedAt, outcome }: ToolCall): void {
  const asked = { server: tool.server, method: 'tools/call', name: tool.name }
  const problem = outcome === 'success' ? null : outcome
  origin.trace?.addSpan({
    name: nameOf(asked),
    kind: 'server',
    startedAt,
    endedAt,
    attributes: {
      ...describe(asked, startedAt, endedAt, problem),
      ...describeMessage(origin.message),
      'routeiq.request.id': origin.requestId,
    },
    error: problem,
  })
}

/** Any other request of a client of the protocol, which may concern several servers. */
export function traceMessage(
  trace: RequestTrace,
  message: TracedMessage,
  method: string,
  { startedAt, endedAt, error }: { startedAt: number; endedAt: number; error: unknown },
): void {
  const problem = error === null ? null : typeOf(error)
  const attributes = {
    'mcp.method.name': method,
    'mcp.success': problem === null,
    'mcp.duration_ms': Math.round(endedAt - startedAt),
    'error.type': problem,
    ...describeMessage(message),
  }
  trace.addSpan({ name: method, kind: 'server', startedAt, endedAt, attributes, error: problem })
}

function describeMessage(message: TracedMessage | undefined): Attributes {
  return {
    'jsonrpc.request.id': message?.id ?? null,
    'mcp.protocol.version': message?.protocolVersion ?? null,
    'mcp.session.id': message?.session ?? null,
    'network.transport': 'tcp',
  }
}

function typeOf(error: unknown): string {
  const { code, data } = error as { code?: unknown; data?: { reason?: unknown } | null }
  return typeof data?.reason === 'string' ? data.reason : String(code ?? 'internal_error')
}

/** Addresses of resources may hold anything, so they name no span. */
function nameOf({ method, name }: Asked): string {
  return method === 'tools/call' || method === 'prompts/get' ? `${method} ${name}` : method
}

function describe(
  { server, method, name }: Asked,
  startedAt: number,
  endedAt: number,
  problem: string | null,
): Attributes {
  const isTool = method === 'tools/call'
  return {
    'mcp.method.name': method,
    'mcp.server.id': server.settings.serverId,
    'mcp.server.name': aliasOf(server),
    'mcp.success': problem === null,
    'mcp.duration_ms': Math.round(endedAt - startedAt),
    'gen_ai.operation.name': isTool ? 'execute_tool' : null,
    'gen_ai.tool.name': isTool ? name : null,
    'gen_ai.prompt.name': method === 'prompts/get' ? name : null,
    'error.type': problem,
  }
}

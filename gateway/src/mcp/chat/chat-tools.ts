import { GatewayError } from '@routeiq/contract'
import { type JsonRecord, readRecord, readRecords, readText } from '../../conversation/json-value.ts'
import { callInProcess } from '../../pipeline/call-in-process.ts'
import type { Gateway } from '../../pipeline/gateway.ts'
import type { ModelRequest } from '../../pipeline/model-request.ts'
import type { RequestTools } from '../../pipeline/use-tools.ts'
import type { McpGateway } from '../mcp-gateway.ts'
import type { McpPlane } from '../mcp-plane.ts'
import { aliasOf } from '../server.ts'
import type { ViewItem } from '../view/catalogue-view.ts'
import { sendChatAnswer } from './chat-answer.ts'
import { bringsTools, functionName, isNamed, type NamedTool, readNamedTool } from './named-tools.ts'

const maxTurns = 10
const maxResultBytes = 262_144

interface Offered {
  readonly tool: ViewItem
  readonly named: NamedTool
}

/** The tools of a request by the names of their functions. */
type Offer = ReadonlyMap<string, Offered>

/** Tools of servers behind the gateway in chat completions, with the loop that calls them. */
export class ChatTools implements RequestTools {
  readonly #plane: McpPlane

  constructor(plane: McpPlane) {
    this.#plane = plane
  }

  readonly isOn = (): boolean => this.#plane.config().mcp.enabled

  wants(request: ModelRequest): boolean {
    return bringsTools(request)
  }

  async answer(gateway: Gateway, request: ModelRequest): Promise<number> {
    const servers = await this.#plane.requireGateway()
    const offer = await this.#offer(servers, request)
    const gone = new AbortController()
    request.exchange.whenClientGone(() => gone.abort(new Error('the client has left')))
    const { status, body } = await runTurns(gateway, servers, request, offer, gone.signal)
    request.exchange.whenClientGone(null)
    if (status === 200 && request.stream) sendChatAnswer(request, body)
    else request.exchange.sendJson(status, body)
    return status
  }

  async #offer(servers: McpGateway, request: ModelRequest): Promise<Offer> {
    if (this.#plane.config().mcp.toolInvocation === false) {
      throw new GatewayError(
        'tool_invocation_disabled',
        'Calling tools is off (LLMROUTER_ENABLE_MCP_TOOL_INVOCATION).',
      )
    }
    const book = {
      publicUrl: this.#plane.config().server.publicUrl?.replace(/\/+$/, '') ?? null,
      findByUrl: (url: string) =>
        servers.views.visibleServers(request.caller).find(({ settings }) => settings.url === url)?.settings
          .serverId ?? null,
    }
    const offer = new Map<string, Offered>()
    for (const [index, entry] of (request.body['tools'] as readonly unknown[]).entries()) {
      if (!isNamed(entry)) continue
      const named = readNamedTool(entry, index, book)
      const view = await servers.settledViews.find(request.caller, { selector: named.selector })
      if (view === null)
        throw new GatewayError(
          'server_not_found',
          `There is no tool server or access group ${named.selector ?? ''}.`,
        )
      for (const tool of view.tools) {
        const isOffered = !tool.isQuarantined && (named.allows(tool.name) || named.allows(tool.emitted))
        if (isOffered) offer.set(functionName(tool.emitted), { tool, named })
      }
    }
    return offer
  }
}

interface Turn {
  readonly status: number
  readonly body: JsonRecord
}

/** Calls the model until it wants no more tools of ours. */
async function runTurns(
  gateway: Gateway,
  servers: McpGateway,
  request: ModelRequest,
  offer: Offer,
  signal: AbortSignal,
): Promise<Turn> {
  const { stream: _, stream_options: __, tools, ...body } = request.body
  const functions = [...offer].map(([name, { tool }]) => describeFunction(name, tool))
  const allTools = [...(tools as readonly unknown[]).filter((tool) => !isNamed(tool)), ...functions]
  const messages = [...readRecords(body['messages'])]
  const used: JsonRecord[] = []
  for (let turn = 0; turn < maxTurns; turn += 1) {
    if (signal.aborted) throw signal.reason
    // What had to be called once was called with the first turn.
    const choice = turn === 0 || body['tool_choice'] === undefined ? {} : { tool_choice: 'auto' }
    const asked = { ...body, ...choice, messages, ...(allTools.length > 0 && { tools: allTools }) }
    const answer = await callInProcess(gateway, request.caller, asked)
    const answered = readRecord(answer.body) ?? {}
    if (answer.status !== 200) return { status: answer.status, body: answered }
    used.push(readRecord(answered['usage']) ?? {})
    const message = readRecord(readRecords(answered['choices'])[0]?.['message']) ?? {}
    const calls = readRecords(message['tool_calls'])
    const [ours, others] = splitCalls(calls, offer)
    if (ours.length === 0) return { status: 200, body: withUsage(answered, used) }
    const results = await Promise.all(ours.map((call) => runCall(servers, request, call, offer, signal)))
    if (others.length > 0) return { status: 200, body: withUsage(withCalls(answered, message, others), used) }
    messages.push(message, ...results)
  }
  throw new GatewayError('invalid_request', `The model still wanted tools after ${maxTurns} turns.`)
}

/** Those the gateway makes, and those the caller makes or wants to be asked about. */
function splitCalls(calls: readonly JsonRecord[], offer: Offer): [JsonRecord[], JsonRecord[]] {
  const ours: JsonRecord[] = []
  const others: JsonRecord[] = []
  for (const call of calls) {
    const offered = offer.get(nameOf(call))
    const isOurs = offered !== undefined && !needsApproval(offered)
    ;(isOurs ? ours : others).push(call)
  }
  return [ours, others]
}

function needsApproval({ tool, named }: Offered): boolean {
  return named.needsApproval(tool.name) && named.needsApproval(tool.emitted)
}

/** The message that answers a call. What goes wrong is for the model to read. */
async function runCall(
  servers: McpGateway,
  request: ModelRequest,
  call: JsonRecord,
  offer: Offer,
  signal: AbortSignal,
): Promise<JsonRecord> {
  const offered = offer.get(nameOf(call))
  const content =
    offered === undefined
      ? 'There is no such tool.'
      : await textOfCall(servers, request, call, offered, signal)
  return { role: 'tool', tool_call_id: call['id'] ?? '', content: cut(content) }
}

async function textOfCall(
  servers: McpGateway,
  request: ModelRequest,
  call: JsonRecord,
  { tool, named }: Offered,
  signal: AbortSignal,
): Promise<string> {
  const args = parseArguments(readText(readRecord(call['function'])?.['arguments']) ?? '')
  if (args === null) return 'Error: the arguments are no JSON object.'
  const problem = servers.findArgumentProblem(tool, args)
  if (problem !== null) return `Error: the arguments do not fit: ${problem}`
  const prefix = `x-mcp-${aliasOf(tool.server).toLowerCase()}-`
  const own = Object.entries(named.headers).map(([name, value]) => [prefix + name.toLowerCase(), value])
  const headers = { ...request.exchange.request.headers, ...Object.fromEntries(own) }
  try {
    const { requestId } = request.exchange
    const result = await servers.callTool(request.caller, tool, args, { headers, requestId, signal })
    return textOfResult(result)
  } catch (error) {
    return `Error: ${error instanceof Error ? error.message : 'the tool could not be called.'}`
  }
}

/** The texts of a result; of everything else that it is there. */
function textOfResult(result: Readonly<Record<string, unknown>>): string {
  if (result['resultType'] === 'input_required')
    return 'Error: the tool asks its user something, and nobody is there.'
  const parts = readRecords(result['content']).map((part) => {
    if (part['type'] === 'text') return readText(part['text']) ?? ''
    const resource = readRecord(part['resource'])
    return readText(resource?.['text']) ?? `[${readText(part['type']) ?? 'content'}]`
  })
  if (parts.length === 0 && result['structuredContent'] !== undefined)
    return JSON.stringify(result['structuredContent'])
  const text = parts.join('\n')
  return result['isError'] === true ? `Error: ${text}` : text
}

function cut(text: string): string {
  if (Buffer.byteLength(text) <= maxResultBytes) return text
  return `${Buffer.from(text).subarray(0, maxResultBytes).toString('utf8')}\n[cut after ${maxResultBytes} bytes]`
}

function parseArguments(text: string): Record<string, unknown> | null {
  if (text.trim() === '') return {}
  try {
    return readRecord(JSON.parse(text)) as Record<string, unknown> | null
  } catch {
    return null
  }
}

function describeFunction(name: string, { definition, description }: ViewItem): object {
  const parameters = definition.description['inputSchema'] ?? { type: 'object', properties: {} }
  return {
    type: 'function',
    function: { name, description: readText(description['description']) ?? '', parameters },
  }
}

function nameOf(call: JsonRecord): string {
  return readText(readRecord(call['function'])?.['name']) ?? ''
}

function withCalls(answer: JsonRecord, message: JsonRecord, calls: readonly JsonRecord[]): JsonRecord {
  const [first, ...rest] = readRecords(answer['choices'])
  return { ...answer, choices: [{ ...first, message: { ...message, tool_calls: calls } }, ...rest] }
}

/** The answer with the tokens of all turns. */
function withUsage(answer: JsonRecord, used: readonly JsonRecord[]): JsonRecord {
  const sum = (name: string): number =>
    used.reduce((total, usage) => total + (typeof usage[name] === 'number' ? usage[name] : 0), 0)
  const usage = {
    ...readRecord(answer['usage']),
    prompt_tokens: sum('prompt_tokens'),
    completion_tokens: sum('completion_tokens'),
    total_tokens: sum('total_tokens'),
  }
  return { ...answer, usage }
}

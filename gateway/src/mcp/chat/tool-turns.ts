import { GatewayError } from '@routeiq/contract'
import { type JsonRecord, readRecord, readRecords, readText } from '../../conversation/json-value.ts'
import { type ConversationDialect, converseInProcess } from '../../pipeline/call-in-process.ts'
import type { Gateway } from '../../pipeline/gateway.ts'
import type { ModelRequest } from '../../pipeline/model-request.ts'
import type { McpGateway } from '../mcp-gateway.ts'
import { aliasOf } from '../server.ts'
import { describeTurns } from './describe-turns.ts'
import { ToolAnswer } from './tool-answer.ts'
import type { OfferedTool, ToolOffer } from './tool-offer.ts'

const maxTurns = 10
const maxResultBytes = 262_144

export interface ToolTurnsOptions {
  readonly gateway: Gateway
  readonly servers: McpGateway
  readonly request: ModelRequest
  readonly dialect: ConversationDialect
  readonly offer: ToolOffer
  /** Writes the head lines every answer has. */
  readonly describe: () => string
  /** The client has left, or the time is over. */
  readonly signal: AbortSignal
}

/** What a model said in one turn. */
export interface Turn {
  readonly status: number
  readonly body: JsonRecord
}

/** What came of a call, for the model to read. */
export interface ToolResult {
  readonly text: string
  readonly isError: boolean
}

/** The turns of one request: calls of the model, and of the tools it wants. */
export class ToolTurns {
  readonly request: ModelRequest
  readonly offer: ToolOffer
  readonly answer: ToolAnswer
  readonly #options: ToolTurnsOptions
  readonly #headers: readonly string[]
  readonly #lines: string[] = []
  readonly #used: JsonRecord[] = []
  #count = 0

  constructor(options: ToolTurnsOptions) {
    this.request = options.request
    this.offer = options.offer
    this.#options = options
    this.answer = new ToolAnswer(options.request, () => describeTurns(options.describe(), this.#lines))
    this.#headers = headersOfTurns(options.request)
  }

  /** Asks the model once more. Errors: 400 after ten turns; the reason of the signal. */
  async ask(body: JsonRecord): Promise<Turn> {
    const { gateway, request, dialect, signal } = this.#options
    signal.throwIfAborted()
    if (this.#count === maxTurns)
      throw new GatewayError('invalid_request', `The model still wanted tools after ${maxTurns} turns.`)
    this.#count += 1
    const { trace } = request.exchange
    const occasion = { trace, headers: this.#headers, signal }
    const answer = await converseInProcess(gateway, request.caller, body, dialect, occasion)
    this.#lines.push(answer.lines)
    const answered = readRecord(answer.body) ?? {}
    if (answer.status === 200) this.#used.push(readRecord(answered['usage']) ?? {})
    return { status: answer.status, body: answered }
  }

  /** What had to be called once was called with the first turn. */
  get isFirst(): boolean {
    return this.#count === 0
  }

  /** The tokens of all turns so far. */
  get usage(): JsonRecord {
    return this.#used.reduce(addUsage, {})
  }

  /** Calls a tool. Never rejects: what goes wrong is for the model to read. */
  async call(offered: OfferedTool, argumentsText: string): Promise<ToolResult> {
    const { servers, request, signal } = this.#options
    const { tool, named } = offered
    const args = parseArguments(argumentsText)
    if (args === null) return failed('the arguments are no JSON object.')
    const problem = servers.calls.findArgumentProblem(tool, args)
    if (problem !== null) return failed(`the arguments do not fit: ${problem}`)
    const prefix = `x-mcp-${aliasOf(tool.server).toLowerCase()}-`
    const own = Object.entries(named.headers).map(([name, value]) => [prefix + name.toLowerCase(), value])
    const headers = { ...request.exchange.request.headers, ...Object.fromEntries(own) }
    try {
      const origin = request.exchange
      return readResult(await servers.calls.call(request.caller, tool, args, { headers, origin, signal }))
    } catch (error) {
      return failed(error instanceof Error ? error.message : 'the tool could not be called.')
    }
  }
}

/**
 * What a client asks of the gateway by headers holds for every turn; its credential and the name of its call do not. Turns without a
 * session of the client's are found in the ledger by the id of the request.
 */
function headersOfTurns({ exchange, options }: ModelRequest): readonly string[] {
  const asked = Object.entries(exchange.request.headers).flatMap(([name, value]) =>
    value !== undefined && /^x-(?:litellm|routeiq)-(?!api-key$|call-id$)/.test(name) ? [name, value] : [],
  )
  return options.sessionId === null ? [...asked, 'x-litellm-session-id', exchange.requestId] : asked
}

function failed(problem: string): ToolResult {
  return { text: `Error: ${problem}`, isError: true }
}

/** The texts of a result; of everything else that it is there. */
function readResult(result: JsonRecord): ToolResult {
  if (result['resultType'] === 'input_required')
    return failed('the tool asks its user something, and nobody is there.')
  const parts = readRecords(result['content']).map((part) => {
    if (part['type'] === 'text') return readText(part['text']) ?? ''
    const resource = readRecord(part['resource'])
    return readText(resource?.['text']) ?? `[${readText(part['type']) ?? 'content'}]`
  })
  const structured = result['structuredContent']
  const text = parts.length === 0 && structured !== undefined ? JSON.stringify(structured) : parts.join('\n')
  const isError = result['isError'] === true
  return { text: cut(isError ? `Error: ${text}` : text), isError }
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

/** Sums whatever is a number, member by member; the last word counts for all else. */
function addUsage(sum: JsonRecord, more: JsonRecord): JsonRecord {
  const added: Record<string, unknown> = { ...sum }
  for (const [name, value] of Object.entries(more)) {
    const before = sum[name]
    if (typeof value === 'number' && typeof before === 'number') added[name] = before + value
    else if (readRecord(value) !== null && readRecord(before) !== null)
      added[name] = addUsage(readRecord(before) ?? {}, readRecord(value) ?? {})
    else added[name] = value ?? before
  }
  return added
}

/** Why a stream ends before its end, without a word that may hold a secret. */
export function describeProblem(error: unknown): string {
  return error instanceof GatewayError ? error.message : 'The request could not be finished.'
}

/** How a tool is described to a model. */
export function describeTool({ tool: { definition, description } }: OfferedTool): {
  readonly description: string
  readonly schema: unknown
} {
  return {
    description: readText(description['description']) ?? '',
    schema: definition.description['inputSchema'] ?? { type: 'object', properties: {} },
  }
}

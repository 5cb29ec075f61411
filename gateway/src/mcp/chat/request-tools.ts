import { GatewayError } from '@routeiq/contract'
import { readList, readRecord, readRecords, readText } from '../../conversation/json-value.ts'
import { startDeadline } from '../../http/deadline.ts'
import { ClientGone } from '../../http/read-body.ts'
import { isConversationDialect } from '../../pipeline/call-in-process.ts'
import type { Gateway } from '../../pipeline/gateway.ts'
import type { ModelRequest } from '../../pipeline/model-request.ts'
import type { RequestTools } from '../../pipeline/use-tools.ts'
import type { McpGateway } from '../mcp-gateway.ts'
import type { McpPlane } from '../mcp-plane.ts'
import { answerChat } from './answer-chat.ts'
import { answerMessages, hasOwnBlocks } from './answer-messages.ts'
import { answerResponses, hasOwnItems } from './answer-responses.ts'
import { type AddressBook, isNamed, type NamedTool, readNamedServer, readNamedTool } from './named-tools.ts'
import { ToolOffer } from './tool-offer.ts'
import { ToolTurns } from './tool-turns.ts'

/** Tools of servers behind the gateway in requests for a model, with the loop that calls them, in three dialects. */
export class ServerTools implements RequestTools {
  readonly #plane: McpPlane

  constructor(plane: McpPlane) {
    this.#plane = plane
  }

  readonly isOn = (): boolean => this.#plane.config().mcp.enabled

  wants(request: ModelRequest): boolean {
    return bringsTools(request) || goesOn(request)
  }

  async answer(gateway: Gateway, request: ModelRequest, describe: () => string): Promise<number | null> {
    const servers = await this.#plane.requireGateway()
    const named = this.#readNamed(servers, request)
    if (named.length === 0 && !goesOn(request)) return leaveToProvider(request)
    const dialect = request.protocol.id
    if (!isConversationDialect(dialect))
      throw new GatewayError(
        'unsupported_parameter',
        'Tools of servers behind the gateway can be used in chat completions, Responses and Messages.',
        { param: 'tools' },
      )
    const offer = await this.#offer(servers, request, named)
    const end = new AbortController()
    const timeoutMs = timeoutOf(request)
    const deadline = startDeadline(timeoutMs, () => end.abort(outOfTime(timeoutMs)))
    request.exchange.whenClientGone(() => end.abort(new ClientGone()))
    const turns = new ToolTurns({ gateway, servers, request, dialect, offer, describe, signal: end.signal })
    const answers = {
      'openai-chat': answerChat,
      'openai-responses': answerResponses,
      'anthropic-messages': answerMessages,
    }
    try {
      return await answers[dialect](turns)
    } finally {
      deadline.clear()
      turns.answer.close()
      request.exchange.whenClientGone(null)
    }
  }

  #readNamed(servers: McpGateway, { caller, body }: ModelRequest): readonly NamedTool[] {
    const book: AddressBook = {
      publicUrl: this.#plane.config().server.publicUrl?.replace(/\/+$/, '') ?? null,
      findByUrl: (url) =>
        servers.views.visibleServers(caller).find(({ settings }) => settings.url === url)?.settings
          .serverId ?? null,
    }
    const { tools } = body
    return [
      ...readList(tools).map((tool, index) => (isNamed(tool) ? readNamedTool(tool, index, book) : null)),
      ...readList(body['mcp_servers']).map((server, index) => readNamedServer(server, index, tools, book)),
    ].filter((one) => one !== null)
  }

  async #offer(servers: McpGateway, { caller }: ModelRequest, all: readonly NamedTool[]): Promise<ToolOffer> {
    if (this.#plane.config().mcp.toolInvocation === false)
      throw new GatewayError(
        'tool_invocation_disabled',
        'Calling tools is off (LLMROUTER_ENABLE_MCP_TOOL_INVOCATION).',
      )
    const offer = new ToolOffer(this.#plane.config().mcp.confirmTools)
    for (const named of all) {
      const view = await servers.settledViews.find(caller, { selector: named.selector })
      if (view === null)
        throw new GatewayError(
          'server_not_found',
          `There is no tool server or access group ${named.selector ?? ''}.`,
        )
      offer.open(named)
      for (const tool of view.tools)
        if (!tool.isQuarantined && (named.allows(tool.name) || named.allows(tool.emitted)))
          offer.add(tool, named)
    }
    return offer
  }
}

/** The time of the request is that of all its turns and calls together. */
function timeoutOf({ stream, options, runtime }: ModelRequest): number {
  const { timeoutMs, streamTimeoutMs } = runtime.config.routing
  return stream
    ? (options.streamTimeoutMs ?? options.timeoutMs ?? streamTimeoutMs)
    : (options.timeoutMs ?? timeoutMs)
}

function outOfTime(timeoutMs: number): GatewayError {
  return new GatewayError('timeout', `The model and its tools were not done after ${timeoutMs / 1000} s.`)
}

function bringsTools({ body }: ModelRequest): boolean {
  return readList(body['tools']).some(isNamed) || readList(body['mcp_servers']).length > 0
}

/** Whether a request goes on with an answer that calls of the gateway's are in. */
function goesOn({ protocol, body }: ModelRequest): boolean {
  if (protocol.id === 'openai-responses') return hasOwnItems(readRecords(body['input']))
  return protocol.id === 'anthropic-messages' && hasOwnBlocks(readRecords(body['messages']))
}

/** Providers of chat completions know no tool servers. Errors: 400 for a request that names one all the same. */
function leaveToProvider({ protocol, body }: ModelRequest): null {
  const index = readList(body['tools']).findIndex(isNamed)
  if (protocol.id !== 'openai-chat' || index < 0) return null
  const url = readText(readRecord(readList(body['tools'])[index])?.['server_url'])
  throw new GatewayError(
    'invalid_request',
    `The tool server ${url ?? ''} is not behind the gateway. Register it, or name one with litellm_proxy/mcp/<server>.`,
    { param: `tools[${index}].server_url` },
  )
}

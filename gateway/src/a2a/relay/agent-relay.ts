import type { A2aConfig } from '../../config/config.ts'
import {
  type JsonRecord,
  parseJson,
  readNumber,
  readRecord,
  readText,
} from '../../conversation/json-value.ts'
import type { HeaderFields } from '../../http1/header-fields.ts'
import type { RemoteAgent } from '../agents/remote-agent.ts'
import type { AgentCards, AgentNetwork } from '../cards/agent-cards.ts'
import type { AgentEndpoint } from '../cards/choose-endpoint.ts'
import { A2aError, readAgentError } from '../protocol/a2a-error.ts'
import { methodName, type Operation } from '../protocol/methods.ts'
import { translateEvent, translateParams, translateResult } from '../protocol/translate-calls.ts'
import type { Translation } from '../protocol/translate-members.ts'
import { type AgentNews, readNews } from '../tasks/read-news.ts'
import type { TaskLedger } from '../tasks/task-ledger.ts'
import type { AgentCall } from './agent-call.ts'
import { type AgentAnswer, AgentExchange } from './agent-exchange.ts'
import { buildAgentHeaders, maxHops, readHops } from './agent-headers.ts'
import { passBytes } from './pass-bytes.ts'

const sendTimeoutMs = 60_000
/** Redirects of one call that are followed. */
const maxMoves = 3

export interface AgentRelayOptions {
  readonly cards: AgentCards
  readonly tasks: TaskLedger
  readonly networkOf: (agent: RemoteAgent) => AgentNetwork
  readonly settings: () => Pick<
    A2aConfig,
    'maxStreamMs' | 'synthesisesStreams' | 'pieceBytes' | 'tellsIdentity'
  >
  readonly translations: Readonly<Record<Translation['direction'], Translation>>
  readonly newId: () => string
}

/** Events of an agent in the client's version, or the bytes of its stream, and what the agent said about extensions. */
export interface AgentEvents {
  readonly events: AsyncIterable<JsonRecord | Buffer>
  /** Ends the connection to the agent; its task goes on. Safe to repeat. */
  readonly cancel: () => void
  readonly extensions: string | null
}

export interface AgentResult {
  readonly result: JsonRecord
  readonly extensions: string | null
}

/** Carries calls to agents and their answers back, translated where the two sides speak different versions. */
export class AgentRelay {
  readonly #options: AgentRelayOptions

  constructor(options: AgentRelayOptions) {
    this.#options = options
  }

  /** A call with one answer. Errors: A2aError. */
  async call(call: AgentCall): Promise<AgentResult> {
    const { endpoint, answer } = await this.#send(call, call.operation)
    if (answer.kind !== 'body') {
      abandon(answer)
      throw new A2aError('INVALID_AGENT_RESPONSE', 'The agent answered a plain call with a stream.')
    }
    const result = readAnswer(answer)
    return { result: this.#receive(call, endpoint, result), extensions: extensionsOf(answer.headers) }
  }

  /** A call that is of no task's content, in the agent's own version: its answer comes as it is. Errors: A2aError. */
  async ask(call: AgentCall): Promise<void> {
    const { answer } = await this.#send(call, call.operation)
    if (answer.kind === 'body') readReply(answer)
    else abandon(answer)
  }

  /** A call whose answer is a stream. What fails before the first event rejects; what fails later throws among them. */
  async stream(call: AgentCall): Promise<AgentEvents> {
    if (!(await this.canStream(call.agent))) return this.#synthesise(call)
    const { endpoint, answer } = await this.#send(call, call.operation)
    const extensions = extensionsOf(answer.headers)
    if (answer.kind === 'events') {
      const { events } = answer
      return { events: this.#read(call, endpoint, events), cancel: () => events.onAbandoned(), extensions }
    }
    if (answer.kind === 'bytes') {
      const { bytes } = answer
      const { pieceBytes } = this.#options.settings()
      const note = (data: string): void => void this.#open(call, endpoint, data)
      const events = passBytes(bytes, pieceBytes, note)
      return { events, cancel: () => bytes.onAbandoned(), extensions }
    }
    // Agents answer like this when they refuse, and some when they are done at once.
    return { ...single(this.#receive(call, endpoint, readAnswer(answer))), extensions }
  }

  /** An agent that says nothing of it may. */
  async canStream(agent: RemoteAgent): Promise<boolean> {
    const card = await this.#options.cards.find(agent)
    return readRecord(card?.['capabilities'])?.['streaming'] !== false
  }

  async #synthesise(call: AgentCall): Promise<AgentEvents> {
    if (!this.#options.settings().synthesisesStreams || call.operation !== 'stream')
      throw new A2aError(
        'UNSUPPORTED_OPERATION',
        'This agent does not stream; send the message without streaming.',
      )
    const { result, extensions } = await this.call({ ...call, operation: 'send' })
    return { ...single(result), extensions }
  }

  async *#read(
    call: AgentCall,
    endpoint: AgentEndpoint,
    events: AsyncIterable<string>,
  ): AsyncIterable<JsonRecord> {
    for await (const data of events) yield this.#open(call, endpoint, data)
  }

  /** Errors: the agent's own, in its event. */
  #open(call: AgentCall, endpoint: AgentEndpoint, data: string): JsonRecord {
    const message = readRecord(parseJson(data))
    if (message === null) throw new A2aError('INVALID_AGENT_RESPONSE', 'An event of the agent is not JSON.')
    return this.#receive(call, endpoint, openResponse(message))
  }

  /** Notes whose task an answer is of and translates it. */
  #receive(call: AgentCall, endpoint: AgentEndpoint, result: JsonRecord): JsonRecord {
    const { operation, version } = call
    const kind: Operation = isStream(operation) ? 'stream' : operation
    if (operation !== 'extended-card') this.#note(call, readNews(kind, result, endpoint.version))
    if (endpoint.version === version || operation === 'extended-card') return result
    const to = this.#options.translations[endpoint.version === '0.3' ? 'up' : 'down']
    return kind === 'stream' ? translateEvent(result, to) : translateResult(kind, result, to)
  }

  /** Errors: -32006 when the answer is of a task of somebody else. */
  #note({ agent, caller, report }: AgentCall, { usage, ...news }: AgentNews): void {
    this.#options.tasks.note(agent.agentId, news, caller)
    report.taskId = news.taskId ?? report.taskId
    report.contextId = news.contextId ?? report.contextId
    report.state = news.state ?? report.state
    report.usage = usage ?? report.usage
    report.firstEventAt ??= performance.now()
  }

  /** Sends, and once more in the other version when that was only guessed and the agent does not know the method. */
  async #send(
    call: AgentCall,
    operation: Operation,
  ): Promise<{ endpoint: AgentEndpoint; answer: AgentAnswer }> {
    const { cards } = this.#options
    const endpoint = await cards.endpoint(call.agent)
    const answer = await this.#exchange(call, operation, endpoint)
    if (!isOfOtherVersion(answer)) return { endpoint, answer }
    cards.doubt(call.agent, endpoint.version)
    if (!endpoint.isGuess) return { endpoint, answer }
    const other = await cards.endpoint(call.agent)
    return { endpoint: other, answer: await this.#exchange(call, operation, other) }
  }

  async #exchange(call: AgentCall, operation: Operation, endpoint: AgentEndpoint): Promise<AgentAnswer> {
    const { agent, exchange, version, whenAbandoned, rawId } = call
    const { maxStreamMs, tellsIdentity } = this.#options.settings()
    if (readHops(exchange) >= maxHops)
      throw new A2aError(
        'UNSUPPORTED_OPERATION',
        `The call went through ${maxHops} gateways already: it goes in a circle.`,
      )
    const to = this.#options.translations[version === '0.3' ? 'up' : 'down']
    const params = endpoint.version === version ? call.params : translateParams(operation, call.params, to)
    const isRaw = rawId !== null && endpoint.version === version && isStream(operation)
    const body = {
      jsonrpc: '2.0',
      id: isRaw ? rawId : this.#options.newId(),
      method: methodName(operation, endpoint.version),
      params: endpoint.tenant === null ? params : { ...params, tenant: endpoint.tenant },
    }
    const headers = buildAgentHeaders(call, endpoint.version, tellsIdentity)
    const octets = Buffer.from(JSON.stringify(body))
    let { address } = endpoint
    for (let moves = 0; moves <= maxMoves; moves += 1) {
      const { origin, pathname, search, host } = address
      const sent = new AgentExchange({
        transport: this.#options.networkOf(agent).transport,
        request: {
          ...{ origin, method: 'POST', path: pathname + search },
          ...{ headers: ['host', host, ...headers], body: octets },
        },
        timeoutMs: timeoutOf(agent),
        maxStreamMs,
        isRaw,
      })
      // A client that leaves ends the connection; its task goes on.
      whenAbandoned(sent.cancel)
      const answer = await sent.answer
      if (answer.kind !== 'moved') return answer
      address = resolveMove(answer.location, address)
    }
    throw new A2aError('UPSTREAM_ERROR', 'The agent redirected the call too often.')
  }
}

/** Where a call goes on, which is never another server. Errors: UPSTREAM_ERROR. */
function resolveMove(location: string, from: URL): URL {
  const address = URL.canParse(location, from.href) ? new URL(location, from) : null
  if (address?.origin === from.origin) return address
  throw new A2aError(
    'UPSTREAM_ERROR',
    'The agent redirected the call to another server, which is not followed.',
  )
}

/** `litellm_params.timeout`, in seconds. */
function timeoutOf({ params }: RemoteAgent): number {
  const seconds = readNumber(params['timeout'])
  return seconds !== null && seconds > 0 ? seconds * 1000 : sendTimeoutMs
}

function isStream(operation: Operation): boolean {
  return operation === 'stream' || operation === 'subscribe'
}

function abandon(answer: Exclude<AgentAnswer, { kind: 'body' }>): void {
  if (answer.kind === 'events') answer.events.onAbandoned()
  else answer.bytes.onAbandoned()
}

async function* one(event: JsonRecord): AsyncIterable<JsonRecord> {
  yield event
}

const single = (event: JsonRecord): Pick<AgentEvents, 'events' | 'cancel'> => ({
  events: one(event),
  cancel: () => {},
})

/** The result of a JSON-RPC answer. Errors: the agent's own, or that the answer is none. */
function readAnswer(answer: AgentAnswer & { kind: 'body' }): JsonRecord {
  return openResponse(readReply(answer))
}

/** A JSON-RPC answer that is no error. Errors: A2aError. */
function readReply({ status, message }: AgentAnswer & { kind: 'body' }): JsonRecord {
  if (message?.['jsonrpc'] === undefined && status >= 400)
    throw new A2aError('UPSTREAM_ERROR', `The agent answered with status ${status}.`)
  if (message === null) throw new A2aError('INVALID_AGENT_RESPONSE', "The agent's answer is not JSON.")
  const error = readRecord(message['error'])
  if (error !== null) throw readAgentError(error)
  return message
}

function openResponse(message: JsonRecord): JsonRecord {
  const error = readRecord(message['error'])
  if (error !== null) throw readAgentError(error)
  const result = readRecord(message['result'])
  if (result === null)
    throw new A2aError('INVALID_AGENT_RESPONSE', "The agent's answer has neither a result nor an error.")
  return result
}

/** Only an agent that understood nothing may be asked again. */
function isOfOtherVersion(answer: AgentAnswer): boolean {
  if (answer.kind !== 'body') return false
  const error = readRecord(answer.message?.['error'])
  return error?.['code'] === -32601 || error?.['code'] === -32009
}

function extensionsOf(headers: HeaderFields): string | null {
  return readText(headers.get('a2a-extensions')) ?? null
}

import {
  Client,
  type ClientCapabilities,
  type JSONRPCRequest,
  type PriorDiscovery,
  type Result,
  type StandardSchemaV1,
  type Transport,
} from '@modelcontextprotocol/client'
import { carryResults, takeCarried } from './carry-results.ts'

/** Anything a server answers; what we do not know of it goes on as it is. */
export type McpResult = Record<string, unknown>

export interface CallOptions {
  readonly signal: AbortSignal
  readonly timeoutMs: number
  readonly headers?: Readonly<Record<string, string>>
  /** The caller wants to hear of progress. */
  readonly onProgress?: (params: Record<string, unknown>) => void
}

/** What a legacy server does while it works on a call. */
export interface Interaction {
  /** Asks the client for something: `elicitation/create`, `sampling/createMessage`, `roots/list`. */
  onRequest(method: string, params: Record<string, unknown>): Promise<McpResult>
  onNotification(method: string, params: Record<string, unknown>): void
}

export interface SessionOptions {
  readonly transport: Transport
  readonly clientInfo: { readonly name: string; readonly version: string }
  readonly capabilities: ClientCapabilities
  readonly era: 'auto' | 'legacy' | 'modern'
  /** What was found out about the server before. */
  readonly prior: PriorDiscovery | null
  readonly timeoutMs: number
  readonly onNotification: (method: string, params: Record<string, unknown>) => void
}

const modernRevision = '2026-07-28'

/** Takes every result as it is. */
const anything: StandardSchemaV1<unknown, McpResult> = {
  '~standard': { version: 1, vendor: 'routeiq', validate: (value) => ({ value: value as McpResult }) },
}

const noValidator = {
  getValidator: () => () => ({ valid: true, data: undefined, errorMessage: undefined }) as never,
}

/** One connection to a tool server, in whichever era it speaks. */
export class UpstreamSession {
  readonly #client: Client
  readonly #interactions = new Set<Interaction>()
  #isClosed = false
  readonly #closeListeners: (() => void)[] = []

  /** Connects. Errors: whatever the SDK rejects with. */
  static async open(options: SessionOptions): Promise<UpstreamSession> {
    const session = new UpstreamSession(options)
    await session.#connect(options)
    return session
  }

  private constructor({ clientInfo, capabilities, era, onNotification }: SessionOptions) {
    const mode = era === 'modern' ? { pin: modernRevision } : era
    this.#client = new Client(clientInfo, {
      capabilities,
      versionNegotiation: { mode },
      inputRequired: { autoFulfill: false },
      jsonSchemaValidator: noValidator,
    })
    this.#client.fallbackRequestHandler = (request) => this.#answer(request)
    this.#client.fallbackNotificationHandler = async ({ method, params = {} }) => {
      for (const interaction of this.#interactions) interaction.onNotification(method, params)
      onNotification(method, params)
    }
    for (const name of ['tools', 'prompts', 'resources'] as const) {
      this.#client.setNotificationHandler(`notifications/${name}/list_changed`, () =>
        onNotification(`notifications/${name}/list_changed`, {}),
      )
    }
    this.#client.setNotificationHandler('notifications/resources/updated', ({ params }) =>
      onNotification('notifications/resources/updated', params),
    )
    this.#client.onerror = () => {}
    this.#client.onclose = () => {
      if (this.#isClosed) return
      this.#isClosed = true
      for (const listener of this.#closeListeners.splice(0)) listener()
    }
  }

  /** Heard once, at once where the session is over already. */
  whenClosed(listener: () => void): void {
    if (this.#isClosed) listener()
    else this.#closeListeners.push(listener)
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get era(): 'legacy' | 'modern' {
    return this.#client.getProtocolEra() ?? 'legacy'
  }

  get protocolVersion(): string {
    return this.#client.getNegotiatedProtocolVersion() ?? ''
  }

  get capabilities(): Record<string, unknown> {
    return { ...this.#client.getServerCapabilities() }
  }

  get instructions(): string | null {
    return this.#client.getInstructions() ?? null
  }

  /** What a later session may rely on instead of asking again. */
  get discovery(): PriorDiscovery {
    const discover = this.#client.getDiscoverResult()
    return this.era === 'modern' && discover !== undefined ? { kind: 'modern', discover } : { kind: 'legacy' }
  }

  /** One request. The result may be `input_required` from a modern server. */
  async request(
    method: string,
    params: Record<string, unknown>,
    options: CallOptions,
    interaction: Interaction | null = null,
  ): Promise<McpResult> {
    if (interaction !== null) this.#interactions.add(interaction)
    try {
      const result = await this.#client.request({ method, params }, anything, {
        signal: options.signal,
        timeout: options.timeoutMs,
        resetTimeoutOnProgress: false,
        allowInputRequired: true,
        ...(options.headers !== undefined && { headers: { ...options.headers } }),
        ...(options.onProgress !== undefined && { onprogress: options.onProgress as never }),
      })
      return takeCarried(result)
    } finally {
      if (interaction !== null) this.#interactions.delete(interaction)
    }
  }

  /** A stream of changes from a modern server. Resolves when it is acknowledged; `onEnd` hears of its end. */
  async listen(resourceUris: readonly string[], onEnd: () => void): Promise<() => void> {
    const { tools, prompts, resources } = this.#client.getServerCapabilities() ?? {}
    const filter = {
      ...(tools?.listChanged === true && { toolsListChanged: true }),
      ...(prompts?.listChanged === true && { promptsListChanged: true }),
      ...(resources?.listChanged === true && { resourcesListChanged: true }),
      ...(resourceUris.length > 0 && { resourceSubscriptions: [...resourceUris] }),
    }
    if (Object.keys(filter).length === 0) return () => {}
    const subscription = await this.#client.listen(filter)
    let isOver = false
    void subscription.closed.then(() => {
      if (!isOver) onEnd()
    })
    return () => {
      isOver = true
      void subscription.close().catch(() => {})
    }
  }

  async close(): Promise<void> {
    const { transport } = this.#client
    const terminable = transport as { terminateSession?: () => Promise<void> } | undefined
    await terminable?.terminateSession?.().catch(() => {})
    await this.#client.close().catch(() => {})
  }

  async #connect({ transport, prior, timeoutMs }: SessionOptions): Promise<void> {
    try {
      await this.#client.connect(carryResults(transport), {
        timeout: timeoutMs,
        ...(prior !== null && { prior }),
      })
    } catch (error) {
      await this.#client.close().catch(() => {})
      throw error
    }
  }

  /** Calls that may ask their client have a session of their own, so the one that runs is the one that is meant. */
  async #answer({ method, params = {} }: JSONRPCRequest): Promise<Result> {
    const [interaction] = this.#interactions
    if (interaction === undefined) throw Object.assign(new Error('Method not found'), { code: -32_601 })
    return (await interaction.onRequest(method, params)) as Result
  }
}

import { GatewayError } from '@routeiq/contract'
import type { Usage } from '../conversation/usage.ts'
import { type Deadline, startDeadline } from '../http/deadline.ts'
import type { Exchange } from '../http/exchange.ts'
import { headLines } from '../http/server/head-line.ts'
import type { HeaderFields } from '../http1/header-fields.ts'
import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from '../transport/transport.ts'
import type { PassThroughTarget } from './pass-through-target.ts'
import { buildClientHeaders } from './upstream-headers.ts'
import { UsageTap } from './usage-tap.ts'

export interface RawCallOptions {
  readonly exchange: Exchange
  readonly target: Pick<PassThroughTarget, 'wire'>
  readonly request: UpstreamRequest
  readonly transport: Transport
  /** Milliseconds to the head of the answer. */
  readonly timeoutMs: number
  /** The longest silence of either side once the answer has begun. */
  readonly idleTimeoutMs: number
  /** Head lines of the gateway's own. */
  readonly lines: string
}

/** How a raw call ended. */
export interface RawOutcome {
  /** The status that went to the client, 0 when none did. */
  readonly status: number
  readonly usage: Usage | null
  readonly firstByteAt: number | null
  readonly isStream: boolean
  /** Why there was no whole answer; null when there was, or when the client left. */
  readonly error: GatewayError | null
}

/** One call whose answer goes to the client byte for byte. */
export class RawCall implements UpstreamSink {
  readonly outcome: Promise<RawOutcome>
  readonly #options: RawCallOptions
  readonly #call: UpstreamCall
  #settle: (outcome: RawOutcome) => void = () => {}
  #deadline: Deadline
  #tap: UsageTap | null = null
  #status = 0
  #isStream = false
  #firstByteAt: number | null = null
  #quietChecks = 0
  #done = false

  constructor(options: RawCallOptions) {
    this.#options = options
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.#deadline = startDeadline(options.timeoutMs, this.#onTimeout)
    this.#call = this.#send()
    options.exchange.response.onDrain = this.#onDrain
    options.exchange.whenClientGone(() => {
      this.#call.cancel()
      this.#end(null)
    })
  }

  /** A transport refuses what cannot be written safely by throwing. */
  #send(): UpstreamCall {
    try {
      return this.#options.transport.send(this.#options.request, this)
    } catch (error) {
      this.onFailure(error instanceof Error ? error : new Error(String(error)))
      return nothingToCancel
    }
  }

  onHeaders(status: number, headers: HeaderFields): void {
    if (this.#done) return
    // Following would carry the operator's key elsewhere, and the client could not follow with its own.
    if (status >= 300 && status < 400 && status !== 304) {
      this.#call.cancel()
      this.#end(
        new GatewayError(
          'upstream_error',
          `The provider redirected (status ${status}), which is not followed.`,
        ),
      )
      return
    }
    const { exchange, target, lines } = this.#options
    const contentType = headers.get('content-type')?.toLowerCase() ?? ''
    this.#status = status
    this.#isStream = contentType.includes('event-stream')
    if (target.wire !== null && status < 400) this.#tap = new UsageTap(target.wire, contentType)
    const head = `x-request-id: ${exchange.requestId}\r\n${headLines(buildClientHeaders(headers))}${lines}`
    if (status === 204 || status === 304) exchange.response.send(status, head, noBytes)
    else exchange.response.begin(status, head)
    this.#watchSilence()
  }

  onData(chunk: Buffer): boolean {
    if (this.#done) return true
    this.#firstByteAt ??= performance.now()
    this.#quietChecks = 0
    this.#tap?.push(chunk)
    return this.#options.exchange.response.writeBytes(chunk)
  }

  onEnd(): void {
    if (this.#done) return
    this.#options.exchange.response.end()
    this.#end(null)
  }

  onFailure(error: Error & { code?: unknown }): void {
    const code = typeof error.code === 'string' ? ` (${error.code})` : ''
    this.#end(new GatewayError('upstream_connection_error', `The connection to the provider failed${code}.`))
  }

  #watchSilence(): void {
    this.#deadline.clear()
    this.#deadline = startDeadline(this.#options.idleTimeoutMs / 4, this.#onQuietCheck)
  }

  readonly #onQuietCheck = (): void => {
    this.#quietChecks += 1
    if (this.#quietChecks > 4) this.#onTimeout()
    else this.#watchSilence()
  }

  readonly #onTimeout = (): void => {
    this.#call.cancel()
    this.#end(new GatewayError('timeout', 'The provider did not answer in time.'))
  }

  readonly #onDrain = (): void => {
    this.#quietChecks = 0
    this.#call.resume()
  }

  /** An answer that has begun and cannot be completed breaks off for the client too. */
  #end(error: GatewayError | null): void {
    if (this.#done) return
    this.#done = true
    this.#deadline.clear()
    const { response } = this.#options.exchange
    response.onDrain = null
    if (error !== null && response.headersSent) response.destroy()
    this.#settle({
      status: this.#status,
      usage: this.#tap?.end() ?? null,
      firstByteAt: this.#firstByteAt,
      isStream: this.#isStream,
      error,
    })
  }
}

const nothingToCancel: UpstreamCall = { cancel: () => {}, resume: () => {} }
const noBytes = Buffer.alloc(0)

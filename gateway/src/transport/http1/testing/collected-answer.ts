import type { HeaderFields } from '../../../http1/header-fields.ts'
import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from '../../transport.ts'
import { UpstreamError } from '../upstream-error.ts'

/** A sink that writes down what it is told. */
export class CollectedAnswer implements UpstreamSink {
  readonly events: string[] = []
  status = 0
  headers: Readonly<Record<string, string>> = {}
  body = ''
  error: UpstreamError | null = null
  readonly settled: Promise<void>
  readonly headersArrived: Promise<void>
  #settle: () => void = () => {}
  #announceHeaders: () => void = () => {}

  constructor() {
    this.settled = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.headersArrived = new Promise((resolve) => {
      this.#announceHeaders = resolve
    })
  }

  onHeaders(status: number, headers: HeaderFields): void {
    this.events.push('headers')
    this.status = status
    this.headers = headers.toRecord()
    this.#announceHeaders()
  }

  onData(chunk: Buffer): boolean {
    if (this.events.at(-1) !== 'data') this.events.push('data')
    this.body += chunk.toString('latin1')
    return true
  }

  onEnd(): void {
    this.events.push('end')
    this.#settle()
  }

  onFailure(error: Error): void {
    this.events.push('failure')
    if (!(error instanceof UpstreamError)) throw error
    this.error = error
    this.#settle()
  }
}

export function postTo(origin: string, changes: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return {
    origin,
    method: 'POST',
    path: '/v1/chat',
    headers: ['x-test', 'yes'],
    body: Buffer.from('{}'),
    ...changes,
  }
}

/** Sends and waits for the end or the failure. */
export async function exchange(transport: Transport, request: UpstreamRequest): Promise<CollectedAnswer> {
  const answer = new CollectedAnswer()
  transport.send(request, answer)
  await answer.settled
  return answer
}

/** Sends and hands out the running call. */
export function begin(
  transport: Transport,
  request: UpstreamRequest,
): { call: UpstreamCall; answer: CollectedAnswer } {
  const answer = new CollectedAnswer()
  return { call: transport.send(request, answer), answer }
}

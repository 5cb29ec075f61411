import { HTTP1_TRANSPORT_DEFAULTS, type Http1TransportOptions } from '../http1-options.ts'
import { Http1Transport } from '../http1-transport.ts'

/** A transport whose clock is moved by hand. */
export interface TestTransport {
  readonly transport: Http1Transport
  advance(milliseconds: number): void
}

export function testTransport(changes: Partial<Http1TransportOptions> = {}): TestTransport {
  let time = 1_000
  const transport = new Http1Transport({ ...HTTP1_TRANSPORT_DEFAULTS, now: () => time, ...changes })
  return {
    transport,
    advance(milliseconds) {
      time += milliseconds
    },
  }
}

/** Resolves when the condition holds; the test's own time limit is the bound. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2))
}

import { randomUUID } from 'node:crypto'

const acceptable = /^[A-Za-z0-9\-_.]{1,128}$/

/** The caller's `X-Request-ID` when it is safe to echo and log, else a new UUID. */
export function chooseRequestId(header: string | string[] | undefined): string {
  return typeof header === 'string' && acceptable.test(header) ? header : randomUUID()
}

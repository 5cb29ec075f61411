import { randomUUID } from 'node:crypto'

const acceptable = /^[A-Za-z0-9\-_.]{1,128}$/

/** The caller's `X-Request-ID` when it is safe to echo and log, else a new UUID. */
export function chooseRequestId(header: string | undefined): string {
  return header !== undefined && acceptable.test(header) ? header : randomUUID()
}

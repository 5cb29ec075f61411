import { STATUS_CODES } from 'node:http'

const lines = new Map<number, string>()

/** `HTTP/1.1 200 OK\r\n`. */
export function statusLine(status: number): string {
  let line = lines.get(status)
  if (line === undefined) {
    line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n`
    lines.set(status, line)
  }
  return line
}

let second = 0
let text = ''

/** The `date` line of this second, RFC 9110 §6.6.1. */
export function dateLine(): string {
  const now = Date.now()
  const current = now - (now % 1000)
  if (current !== second) {
    second = current
    text = `date: ${new Date(current).toUTCString()}\r\n`
  }
  return text
}

import { setTimeout as sleep } from 'node:timers/promises'

/** Asks again until `holds` says true (or returns something). Errors when it does not within `timeoutMs`. */
export async function waitUntil<Value>(
  what: string,
  holds: () => Value | Promise<Value>,
  timeoutMs = 30_000,
): Promise<NonNullable<Value>> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const value = await holds()
    if (value !== false && value !== null && value !== undefined) return value
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`)
    await sleep(20)
  }
}

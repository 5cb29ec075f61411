import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** States of /proc/net/tcp in which a socket is held by a process that should have let it go. */
const HELD = new Set(['01', '08'])

/**
 * @param {number} port
 * @returns {number} established and half-closed sockets of the server that listens there
 */
export function countHeldSockets(port) {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  let count = 0
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(file, 'latin1').split('\n').slice(1)) {
      const [, local, , state] = line.trim().split(/\s+/)
      if (local?.endsWith(suffix) && HELD.has(state)) count += 1
    }
  }
  return count
}

/**
 * After all clients have left: throws when the server still holds a client socket, or the mock still has an
 * answer under way, after 3 s.
 * @param {number} port
 * @param {() => Promise<{ activeAnswers: number }>} readMockState
 */
export async function expectNoLeak(port, readMockState) {
  let held = 0
  let active = 0
  for (let turn = 0; turn < 30; turn += 1) {
    held = countHeldSockets(port)
    active = (await readMockState()).activeAnswers
    if (held === 0 && active === 0) return
    await sleep(100)
  }
  throw new Error(
    `leaked: ${held} client sockets, ${active} upstream answers still open 3 s after the load ended`,
  )
}

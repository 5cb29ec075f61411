import type { IpcPort } from '../cluster/ipc-port.ts'

/** Two ends of a message channel in one process; messages are copied, as between processes, and arrive later. */
export function pairPorts(): readonly [IpcPort, IpcPort] {
  const left = new Set<(message: unknown) => void>()
  const right = new Set<(message: unknown) => void>()
  return [makePort(left, right), makePort(right, left)]
}

function makePort(own: Set<(message: unknown) => void>, other: Set<(message: unknown) => void>): IpcPort {
  return {
    send(message) {
      const copy = structuredClone(message)
      setImmediate(() => {
        for (const listener of [...other]) listener(copy)
      })
    },
    onMessage(listener) {
      own.add(listener)
      return () => own.delete(listener)
    },
  }
}

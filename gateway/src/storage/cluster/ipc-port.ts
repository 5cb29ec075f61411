import type { Worker } from 'node:cluster'

type Listener = (message: unknown) => void

/**
 * One end of the message channel between the primary and a worker. The channel must use
 * `serialization: 'advanced'` (cluster.setupPrimary), so that bigint and Uint8Array arrive as they are.
 */
export interface IpcPort {
  send(message: unknown): void
  /** Returns a function that removes the listener. */
  onMessage(listener: Listener): () => void
}

/** The primary's end towards one worker. */
export function portOfWorker(worker: Worker): IpcPort {
  return {
    send(message) {
      if (worker.isConnected()) worker.send(message as object, ignoreLostChannel)
    },
    onMessage: shareMessages((deliver) => worker.on('message', deliver)),
  }
}

/** A worker's end towards the primary; for the child side of `child_process.fork` as well. */
export function portOfPrimary(child: NodeJS.Process): IpcPort {
  return {
    send(message) {
      if (child.connected) child.send?.(message, ignoreLostChannel)
    },
    onMessage: shareMessages((deliver) => child.on('message', deliver)),
  }
}

/** Every object that is called over the channel listens, so they share one listener of the emitter. */
function shareMessages(listen: (deliver: Listener) => void): IpcPort['onMessage'] {
  const listeners = new Set<Listener>()
  listen((message) => {
    for (const listener of listeners) listener(message)
  })
  return (listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
}

/** The other side is gone: calls in flight end by their timeout, and the cluster handles the rest. */
function ignoreLostChannel(): void {}

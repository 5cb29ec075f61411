import type { Worker } from 'node:cluster'

/**
 * One end of the message channel between the primary and a worker. The channel must use
 * `serialization: 'advanced'` (cluster.setupPrimary), so that bigint and Uint8Array arrive as they are.
 */
export interface IpcPort {
  send(message: unknown): void
  /** Returns a function that removes the listener. */
  onMessage(listener: (message: unknown) => void): () => void
}

/** The primary's end towards one worker. */
export function portOfWorker(worker: Worker): IpcPort {
  return {
    send(message) {
      if (worker.isConnected()) worker.send(message as object, ignoreLostChannel)
    },
    onMessage(listener) {
      worker.on('message', listener)
      return () => worker.off('message', listener)
    },
  }
}

/** A worker's end towards the primary; for the child side of `child_process.fork` as well. */
export function portOfPrimary(child: NodeJS.Process): IpcPort {
  return {
    send(message) {
      if (child.connected) child.send?.(message, ignoreLostChannel)
    },
    onMessage(listener) {
      child.on('message', listener)
      return () => child.off('message', listener)
    },
  }
}

/** The other side is gone: calls in flight end by their timeout, and the cluster handles the rest. */
function ignoreLostChannel(): void {}

import { connectOverIpc } from '../cluster/connect-over-ipc.ts'
import { exposeOverIpc } from '../cluster/expose-over-ipc.ts'
import type { IpcPort } from '../cluster/ipc-port.ts'
import { InProcessState } from './in-process-state.ts'
import type { SharedState, Unsubscribe } from './shared-state.ts'

const targetName = 'shared-state'
const timeoutMs = 1_000

type RemoteState = Pick<SharedState, 'get' | 'set' | 'delete' | 'increment' | 'publish'> & {
  /** From now on, notices of the channel are sent to the worker. */
  watch(channel: string): Promise<void>
}

interface Notice {
  readonly routeiq: 'notice'
  readonly channel: string
  readonly text: string
}

/** The primary's side: offers its shared state to one worker. Call the result when the worker is gone. */
export function exposeSharedState(port: IpcPort, state: SharedState): () => void {
  const watched = new Map<string, Promise<Unsubscribe>>()
  const stop = exposeOverIpc<RemoteState>(port, targetName, {
    get: (key) => state.get(key),
    set: (key, value, ttlMs) => state.set(key, value, ttlMs),
    delete: (key) => state.delete(key),
    increment: (increments) => state.increment(increments),
    publish: (channel, message) => state.publish(channel, message),
    async watch(channel) {
      const notify = (text: string): void => port.send({ routeiq: 'notice', channel, text } satisfies Notice)
      if (!watched.has(channel)) watched.set(channel, state.subscribe(channel, notify))
      await watched.get(channel)
    },
  })
  return () => {
    stop()
    for (const subscription of watched.values()) void subscription.then((unsubscribe) => unsubscribe())
  }
}

/** A worker's side: all workers and the primary see the one state the primary owns. */
export function connectSharedState(port: IpcPort): SharedState {
  const remote = connectOverIpc<RemoteState>(port, targetName, timeoutMs)
  const listeners = new InProcessState(Date.now)
  const stop = port.onMessage((message) => {
    if (isNotice(message)) void listeners.publish(message.channel, message.text)
  })
  return {
    get: (key) => remote.get(key),
    set: (key, value, ttlMs) => remote.set(key, value, ttlMs),
    delete: (key) => remote.delete(key),
    increment: (increments) => remote.increment(increments),
    publish: (channel, message) => remote.publish(channel, message),
    async subscribe(channel, listener) {
      const unsubscribe = await listeners.subscribe(channel, listener)
      await remote.watch(channel)
      return unsubscribe
    },
    async close() {
      stop()
      await listeners.close()
    },
  }
}

function isNotice(message: unknown): message is Notice {
  return typeof message === 'object' && message !== null && (message as Partial<Notice>).routeiq === 'notice'
}

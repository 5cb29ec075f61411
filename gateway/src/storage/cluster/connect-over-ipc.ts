import { GatewayError } from '@routeiq/contract'
import type { Callable } from './expose-over-ipc.ts'
import { type IpcAnswer, isIpcAnswer, unpackError } from './ipc-call.ts'
import type { IpcPort } from './ipc-port.ts'

const defaultTimeoutMs = 15_000

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

/**
 * An object whose methods run in the process behind the port, where `exposeOverIpc` offers them under the same
 * name. Errors arrive as they were thrown; a call without an answer in time fails with `storage_unavailable`.
 */
export function connectOverIpc<Target extends Callable<Target>>(
  port: IpcPort,
  name: string,
  timeoutMs = defaultTimeoutMs,
): Target {
  const waiting = new Map<number, Waiting>()
  let nextId = 0
  port.onMessage((message) => {
    if (isIpcAnswer(message) && message.target === name) settle(waiting, message)
  })
  const call = (method: string, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = nextId++
      const timer = setTimeout(() => {
        waiting.delete(id)
        reject(
          new GatewayError('storage_unavailable', 'The primary process did not answer; try again shortly.', {
            retryAfterSeconds: 1,
          }),
        )
      }, timeoutMs)
      timer.unref()
      waiting.set(id, { resolve, reject, timer })
      port.send({ routeiq: 'call', target: name, id, method, args })
    })
  return new Proxy({} as Target, {
    get(_target, property) {
      // Not a promise: an async function may return this object without calling `then` over there.
      if (typeof property !== 'string' || property === 'then') return undefined
      return (...args: readonly unknown[]) => call(property, args)
    },
  })
}

function settle(waiting: Map<number, Waiting>, answer: IpcAnswer): void {
  const call = waiting.get(answer.id)
  if (call === undefined) return
  waiting.delete(answer.id)
  clearTimeout(call.timer)
  if (answer.error === undefined) call.resolve(answer.value)
  else call.reject(unpackError(answer.error))
}

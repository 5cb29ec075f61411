import { type IpcAnswer, type IpcCall, isIpcCall, packError } from './ipc-call.ts'
import type { IpcPort } from './ipc-port.ts'

/** What can be called from another process: every member is a function that answers a promise. */
export type Callable<Target> = { readonly [Key in keyof Target]: (...args: never[]) => Promise<unknown> }

/** Lets the process behind the port call the target's methods under a name. Returns a function that ends it. */
export function exposeOverIpc<Target extends Callable<Target>>(
  port: IpcPort,
  name: string,
  target: Target,
): () => void {
  const methods = target as unknown as Readonly<Record<string, unknown>>
  return port.onMessage((message) => {
    if (isIpcCall(message) && message.target === name) void answerCall(port, methods, message)
  })
}

async function answerCall(
  port: IpcPort,
  methods: Readonly<Record<string, unknown>>,
  call: IpcCall,
): Promise<void> {
  const answer = { routeiq: 'answer', target: call.target, id: call.id } as const
  let outcome: IpcAnswer
  try {
    const method = methods[call.method]
    if (typeof method !== 'function') throw new Error(`${call.target} has no method ${call.method}`)
    outcome = { ...answer, value: await method.apply(methods, call.args) }
  } catch (error) {
    outcome = { ...answer, error: packError(error) }
  }
  port.send(outcome)
}

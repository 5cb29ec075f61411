import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client'

const carried = 'routeiq/result'
const knownTypes: ReadonlySet<unknown> = new Set([undefined, 'complete', 'input_required'])

/**
 * The package refuses results of types that only extensions know, such as a task in place of what a tool answers. They go past it
 * inside of a result that it knows.
 */
export function carryResults(transport: Transport): Transport {
  let listener = transport.onmessage
  return Object.defineProperty(transport, 'onmessage', {
    get: () => listener,
    set: (hear: Transport['onmessage']) => {
      listener = hear && ((message, extra) => hear(wrap(message), extra))
    },
  })
}

/** The result as its server sent it. */
export function takeCarried(result: Record<string, unknown>): Record<string, unknown> {
  const original = result[carried]
  return original === undefined ? result : (original as Record<string, unknown>)
}

function wrap(message: JSONRPCMessage): JSONRPCMessage {
  if (!('result' in message) || knownTypes.has(message.result['resultType'])) return message
  return { ...message, result: { resultType: 'complete', content: [], [carried]: message.result } }
}

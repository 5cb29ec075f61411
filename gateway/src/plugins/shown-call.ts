import type { PluginCall } from '@routeiq/contract'

/** A plugin gets a copy of its own, so that none sees what another does to it. */
export function copyOf(call: PluginCall, members: ReadonlyMap<string, string> = new Map()): PluginCall {
  const body = structuredClone(call.body) as Record<string, unknown>
  for (const [name, text] of members) body[name] = JSON.parse(text)
  return { ...call, caller: { ...call.caller }, body }
}

/** What carries the input, by the name it has in each dialect. */
export function messagesOf(body: Readonly<Record<string, unknown>>): unknown {
  return body['messages'] ?? body['input'] ?? body['contents'] ?? body['prompt'] ?? null
}

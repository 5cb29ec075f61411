import type { Citation, ImagePart, ReasoningPart, ToolCallPart } from '../../conversation/part.ts'
import type { Finish, ReplyExtra } from '../../conversation/reply.ts'
import { splitThoughtCallId } from '../../conversation/thought-call-id.ts'

const finishReasons = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
  pause: 'stop',
} as const satisfies Record<Finish['reason'], string>

/** A broken-off answer reads as one that stopped. */
export function formatFinishReason(finish: Finish | null): string {
  return finishReasons[finish?.reason ?? 'stop']
}

/** What this dialect's finish reason cannot say: a paused turn keeps the provider's own word. */
export function finishFields(finish: Finish | null): Record<string, unknown> {
  return finish?.reason === 'pause' ? { stop_reason: finish.providerReason ?? 'pause_turn' } : {}
}

export function formatThinkingBlock(part: ReasoningPart): Record<string, unknown> {
  if (part.redacted !== null) return { type: 'redacted_thinking', data: part.redacted }
  return { type: 'thinking', thinking: part.text, signature: part.signature ?? '' }
}

/** A citation of a web page; others have no form here and go among the provider's fields. */
export function formatAnnotation({ url, title, native }: Citation): Record<string, unknown> | null {
  if (url === null) return null
  if (native['type'] === 'url_citation') return { ...native }
  return { type: 'url_citation', url_citation: { url, title: title ?? '', start_index: 0, end_index: 0 } }
}

export function formatImage({ source }: ImagePart, index: number): Record<string, unknown> {
  const url =
    source.kind === 'url'
      ? source.url
      : source.kind === 'base64'
        ? `data:${source.mediaType ?? 'image/png'};base64,${source.data}`
        : ''
  return { type: 'image_url', index, image_url: { url } }
}

/** What a call's id carries for Gemini, also where clients of this dialect look for it; as members to spread. */
export function thoughtFields(callId: string): Record<string, unknown> {
  const { signature } = splitThoughtCallId(callId)
  return signature === null ? {} : { provider_specific_fields: { thought_signature: signature } }
}

/** A function without arguments is called with an empty object. */
export function formatToolCall(call: ToolCallPart): Record<string, unknown> {
  if (call.kind === 'custom') {
    return { id: call.id, type: 'custom', custom: { name: call.name, input: call.arguments } }
  }
  const body = { name: call.name, arguments: call.arguments || '{}' }
  return { id: call.id, type: 'function', function: body, ...thoughtFields(call.id) }
}

/** Members of the provider's answer for the top of the body: its own, when it speaks this dialect. */
export function topLevelExtra(extra: ReplyExtra | null): Readonly<Record<string, unknown>> {
  return extra?.dialect === 'openai-chat' ? extra.members : {}
}

/** Members of another dialect's answer, for `provider_specific_fields`. */
export function foreignExtra(extra: ReplyExtra | null): Readonly<Record<string, unknown>> {
  return extra === null || extra.dialect === 'openai-chat' ? {} : extra.members
}

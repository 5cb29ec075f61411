import type { Part, ToolResultPart } from '../conversation/part.ts'
import type { ConversationMessage } from '../conversation/request.ts'
import type { HiddenAnswer } from './turn-record.ts'

/** How an answer looks to the client: its text and the calls it has to make. Thinking may be left out when it returns. */
export function fingerprintAnswer(messages: readonly ConversationMessage[]): string {
  const texts: string[] = []
  const calls: string[] = []
  for (const { parts } of messages) {
    for (const part of parts) {
      if (part.type === 'text' || part.type === 'refusal') texts.push(part.text)
      else if (part.type === 'tool-call') calls.push(part.id)
    }
  }
  return `${texts.join(' ').replace(/\s+/g, ' ').trim()}\u0000${calls.join(' ')}`
}

export interface Restored {
  readonly messages: readonly ConversationMessage[]
  /** Those whose answer was found in the conversation. */
  readonly used: ReadonlySet<HiddenAnswer>
}

/**
 * Puts what the model really said in place of what the client repeats, so that the provider sees one unbroken
 * conversation. Results of our tool and of the client's are merged in the order of the calls.
 */
export function restoreHidden(
  messages: readonly ConversationMessage[],
  hidden: readonly HiddenAnswer[],
): Restored {
  const byFingerprint = new Map(hidden.map((answer) => [answer.fingerprint, answer]))
  const used = new Set<HiddenAnswer>()
  const restored: ConversationMessage[] = []
  for (let at = 0; at < messages.length; ) {
    const end = endOfRun(messages, at, 'assistant')
    const run = messages.slice(at, end)
    const answer = run.length === 0 ? undefined : byFingerprint.get(fingerprintAnswer(run))
    if (answer === undefined) {
      const next = run.length === 0 ? at + 1 : end
      restored.push(...messages.slice(at, next))
      at = next
      continue
    }
    used.add(answer)
    restored.push(...answer.messages)
    at = end
    if (answer.held.length === 0) continue
    const resultsEnd = endOfRun(messages, at, 'tool')
    restored.push(mergeResults(answer, messages.slice(at, resultsEnd)))
    at = resultsEnd
  }
  return { messages: restored, used }
}

function endOfRun(messages: readonly ConversationMessage[], from: number, role: string): number {
  let end = from
  while (messages[end]?.role === role) end += 1
  return end
}

function mergeResults(answer: HiddenAnswer, results: readonly ConversationMessage[]): ConversationMessage {
  const theirs: readonly Part[] = results.flatMap(({ parts }) => parts)
  const all = [...answer.held, ...theirs.filter((part) => part.type === 'tool-result')]
  const byCall = new Map(all.map((part) => [part.toolCallId, part]))
  const calls = answer.messages.at(-1)?.parts.filter((part) => part.type === 'tool-call') ?? []
  const ordered = calls.flatMap(({ id }) => byCall.get(id) ?? [])
  const placed = new Set<Part>(ordered)
  const rest = [...answer.held, ...theirs].filter((part) => !placed.has(part))
  return { role: 'tool', parts: [...ordered, ...rest] }
}

/** The newest answers whose bodies together stay within `budget` tokens. */
export function keepWithin(hidden: readonly HiddenAnswer[], budget: number): readonly HiddenAnswer[] {
  let left = budget
  const kept: HiddenAnswer[] = []
  for (const answer of hidden.toReversed()) {
    left -= answer.tokens
    if (left < 0) break
    kept.unshift(answer)
  }
  return kept
}

/** The result of our tool for one call. */
export function toolResult(toolCallId: string, text: string): ToolResultPart {
  return { type: 'tool-result', toolCallId, parts: [{ type: 'text', text }], isError: false }
}

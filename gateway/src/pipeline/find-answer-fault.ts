import { type AnswerFacts, findFault } from '@routeiq/router'
import type { ReplyChoice } from '../conversation/reply.ts'
import type { ModelChoice } from '../model-routing/model-choice.ts'
import { readCached } from './cache/read-cached.ts'
import type { ModelRequest } from './model-request.ts'
import type { Progress } from './progress.ts'

/** Whether the answer will be looked at: several models could give it, and learning from it is on. */
export function isChecked({ exchange, runtime }: ModelRequest, { choice }: Progress): boolean {
  return (
    choice !== null && runtime.config.modelRouting.learning && exchange.header('x-routeiq-learn') !== 'off'
  )
}

/** What the chosen model answered. Null where nothing is learned of it, where it failed, and for what cannot be read. */
export function readAnswerFacts(request: ModelRequest, progress: Progress): AnswerFacts | null {
  const { captured, choice, error, status } = progress
  if (choice === null || captured === null || error !== null || status !== 200) return null
  // What goes on in the background is empty at first.
  if (!isChecked(request, progress) || request.exchange.clientGone || request.body['background'] === true)
    return null
  const text = captured.text()
  const reply = text === null ? null : readCached(request.protocol.id, { isStream: captured.isStream, text })
  return reply?.choices[0] === undefined ? null : readFacts(reply.choices[0])
}

/**
 * What anybody can see is wrong with an answer: empty, cut off, refused, no JSON or not that of the schema where that was asked
 * for, or arguments that are none for the tool. Null where nothing is.
 */
export function findAnswerFault({ ask }: ModelChoice, facts: AnswerFacts): string | null {
  // The gateway may have offered tools of its own.
  return findFault(facts, { ...ask.expected, allowsOtherTools: true, confidence: 0 })
}

/** Null for what broke off, and for what is more than words and calls. */
export function readFacts({ parts, finish }: ReplyChoice): AnswerFacts | null {
  if (finish === null || finish.reason === 'pause') return null
  if (parts.some(({ type }) => type === 'image' || type === 'opaque')) return null
  return {
    text: parts.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    toolCalls: parts.flatMap((part) =>
      part.type === 'tool-call'
        ? // Free text is no JSON, and right.
          [{ name: part.name, arguments: part.kind === 'custom' ? '""' : part.arguments }]
        : [],
    ),
    cutOff: finish.reason === 'length',
    refused: finish.reason === 'content-filter' || parts.some(({ type }) => type === 'refusal'),
    tokenProbability: null,
  }
}

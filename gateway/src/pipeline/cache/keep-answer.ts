import type { CachedAnswer } from '../../answer-cache/cached-answer.ts'
import type { Gateway } from '../gateway.ts'
import type { ModelRequest } from '../model-request.ts'
import type { Progress } from '../progress.ts'
import { readCached } from './read-cached.ts'

const complete: ReadonlySet<string> = new Set(['stop', 'tool-calls'])

/** Keeps the answer of a request that went well, after it has gone out, and gives it to those who wait for it. */
export function keepAnswer(gateway: Gateway, request: ModelRequest, progress: Progress): void {
  const { caching, captured, deployment, error, usage } = progress
  if (caching?.key === undefined || caching.status === 'HIT') return
  const { key, keeps, settle } = caching
  const { clientGone } = request.exchange
  if (
    keeps === null ||
    captured === null ||
    deployment === null ||
    error !== null ||
    clientGone ||
    progress.status !== 200
  ) {
    settle?.(clientGone ? 'abandoned' : 'not shared')
    return
  }
  setImmediate(() => {
    const text = captured.text()
    const answer: CachedAnswer | null =
      text === null
        ? null
        : {
            ...{ isStream: captured.isStream, includesUsage: request.includeUsage, text, usage },
            ...{ deploymentId: deployment.id, storedAt: gateway.now() },
          }
    const isKept = answer !== null && isComplete(request, answer)
    if (isKept) gateway.answers.keep(key, answer, keeps.ttlMs, keeps.question)
    settle?.(isKept ? answer : 'not shared')
  })
}

/** Answers that were cut off or held back are worth another try. */
function isComplete({ operation, protocol }: ModelRequest, answer: CachedAnswer): boolean {
  if (operation === 'embedding' || operation === 'rerank') return true
  const reply = readCached(protocol.id, answer)
  return (
    reply !== null &&
    reply.choices.length > 0 &&
    reply.choices.every(({ finish }) => finish !== null && complete.has(finish.reason))
  )
}

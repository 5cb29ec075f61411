import type { CachedAnswer } from '../../answer-cache/cached-answer.ts'
import type { Gateway } from '../gateway.ts'
import type { ModelRequest } from '../model-request.ts'
import type { Progress } from '../progress.ts'
import { readCached } from './read-cached.ts'

const complete: ReadonlySet<string> = new Set(['stop', 'tool-calls'])

/** Keeps the answer of a request that went well, after it has gone out. */
export function keepAnswer(gateway: Gateway, request: ModelRequest, progress: Progress): void {
  const { caching, captured, deployment, error, usage } = progress
  if (caching?.key === undefined || captured === null || deployment === null) return
  if (error !== null || progress.status !== 200 || request.exchange.clientGone) return
  const { key, keeps } = caching
  setImmediate(() => {
    const text = captured.text()
    if (text === null || keeps === null) return
    const answer: CachedAnswer = {
      ...{ isStream: captured.isStream, includesUsage: request.includeUsage, text, usage },
      ...{ deploymentId: deployment.id, storedAt: gateway.now() },
    }
    if (isComplete(request, answer)) gateway.answers.keep(key, answer, keeps.ttlMs)
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

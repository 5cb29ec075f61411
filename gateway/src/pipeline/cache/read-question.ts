import { type CacheScope, cacheKey } from '../../answer-cache/cache-key.ts'
import type { Question, SimilarQuestions } from '../../answer-cache/similar-questions.ts'
import type { CacheConfig } from '../../config/config.ts'
import { isObject, readTurn } from '../../context-optimizer/turn.ts'
import type { ModelRequest } from '../model-request.ts'

/**
 * What a request asks last, and everything else of it, as the group of questions it is compared in. Null where it is not asked by
 * words alone: requests with pictures, files or results of tools are like no other.
 */
export function readQuestion(
  questions: SimilarQuestions,
  request: ModelRequest,
  who: CacheScope,
  name: {
    readonly namespace: string | null
    readonly within: NonNullable<CacheConfig['similarity']>['within']
  },
): Question | null {
  if (request.operation !== 'chat') return null
  const asked = splitLastAsk(request.body)
  if (asked === null) return null
  const { caller, options, protocol, operation, requestedModel } = request
  const holder = { key: caller.keyHash, 'end-user': options.endUser, everybody: null }[name.within]
  const namespace = JSON.stringify([name.namespace, holder])
  const group = cacheKey(who, {
    ...{ dialect: protocol.id, operation, model: requestedModel, namespace, body: asked.rest },
  })
  return questions.read(group, asked.text)
}

type Body = ModelRequest['body']

function splitLastAsk(body: Body): { readonly text: string; readonly rest: Body } | null {
  if (typeof body['input'] === 'string') return { text: body['input'], rest: { ...body, input: null } }
  const name = ['messages', 'input', 'contents'].find((name) => Array.isArray(body[name]))
  const items: readonly unknown[] = name === undefined ? [] : (body[name] as readonly unknown[])
  if (name === undefined || !items.every(isObject)) return null
  const turns = items.map(readTurn)
  const last = turns.at(-1)
  if (last?.role !== 'user' || last.words === null || turns.some(({ words }) => words === null)) return null
  return { text: last.words, rest: { ...body, [name]: [...items.slice(0, -1), null] } }
}

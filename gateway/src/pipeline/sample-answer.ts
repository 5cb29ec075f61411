import { createHash } from 'node:crypto'
import type { AnswerFacts } from '@routeiq/router'
import type { AnswerSample } from '../model-routing/judging/answer-samples.ts'
import { chooseJudge } from '../model-routing/judging/choose-judge.ts'
import type { ModelChoice } from '../model-routing/model-choice.ts'
import { readRegion } from './choose-deployment.ts'
import type { ModelRequest } from './model-request.ts'

const mostQuestionChars = 8_000
const mostAnswerChars = 16_000

/**
 * An answer in words for the judge, where the request is drawn: by its id, so that every process draws the same. Null for all
 * others, for answers that nobody but their own model could judge, and where the text must stay in a region.
 */
export function sampleAnswer(
  request: ModelRequest,
  { decisionId, ask, decision }: ModelChoice,
  arm: string,
  { text, toolCalls }: AnswerFacts,
): AnswerSample | null {
  const { exchange, runtime } = request
  const { judging } = runtime.config.modelRouting
  if (judging === null || toolCalls.length > 0 || text.trim() === '') return null
  if (ask.text === '' || readRegion(request) !== null || !isDrawn(exchange.requestId, judging.sampleRate))
    return null
  const named = judging.models.map((name) => ({ name, upstream: upstreamOf(request, name) }))
  const upstream = decision.models.find(({ name }) => name === arm)?.aliases[0] ?? arm
  const judge = chooseJudge(named, { name: arm, upstream })
  if (judge === null) return null
  return {
    judge,
    ...{ decisionId, requestId: exchange.requestId, model: arm, sampledAt: exchange.receivedAt },
    question: ask.text.slice(0, mostQuestionChars),
    answer: text.slice(0, mostAnswerChars),
  }
}

/** What the provider calls a model; its own name where it is not there. */
function upstreamOf({ runtime }: ModelRequest, name: string): string {
  return runtime.routing.groups.get(name)?.deployments[0]?.upstreamModel ?? name
}

function isDrawn(requestId: string, rate: number): boolean {
  return createHash('sha256').update(requestId).digest().readUInt32BE(0) / 2 ** 32 < rate
}

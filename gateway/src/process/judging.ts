import { createHash } from 'node:crypto'
import { z } from 'zod'
import { dailyAllowance } from '../governance/allowances.ts'
import { type Caller, gatewayCaller } from '../identity/caller.ts'
import { AnswerJudge } from '../model-routing/judging/answer-judge.ts'
import type { AnswerSample } from '../model-routing/judging/answer-samples.ts'
import { judgeInstructions } from '../model-routing/judging/judge-marks.ts'
import { converseInProcess } from '../pipeline/call-in-process.ts'
import type { Gateway } from '../pipeline/gateway.ts'
import type { ModelRouting } from './model-routing.ts'
import type { Telemetry } from './telemetry.ts'

const timeoutMs = 60_000
/** The name its spend is counted under; no key has this digest. */
const judgeHash = createHash('sha256').update('routeiq-judge').digest('hex')
/** Nothing is learned of what judges say, so that nobody judges them. */
const headers = ['x-routeiq-learn', 'off']

const replySchema = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
})

export interface JudgingParts {
  readonly gateway: Gateway
  readonly modelRouting: ModelRouting
  readonly telemetry: Telemetry
}

/** Judges answers by a model of the gateway, at the gateway's own expense. */
export function openJudging({ gateway, modelRouting, telemetry }: JudgingParts): AnswerJudge {
  const { choices, choiceLog, samples } = modelRouting
  const { modelChoices } = telemetry.metrics
  let asker = judgeCaller(0)
  return new AnswerJudge({
    samples,
    settings: () => {
      const { learning, judging } = gateway.runtime().config.modelRouting
      return learning ? judging : null
    },
    ask: (settings, sample, closing) => {
      if (asker.budgetUsd !== settings.dailyBudgetUsd) asker = judgeCaller(settings.dailyBudgetUsd)
      return askModel(gateway, asker.caller, sample, closing)
    },
    credit: async (feedback) => {
      await choiceLog.flush()
      const { duplicate, isDrift } = await choices.giveFeedback(feedback, gateway.now())
      if (!duplicate) modelChoices.countFeedback('judge')
      if (!isDrift) return
      const choice = await choices.findChoice({ decisionId: feedback.decisionId })
      if (choice !== null) modelChoices.countDrift(choice.arm)
    },
    now: gateway.now,
    onError: (event, error) =>
      telemetry.logger.log('warn', event, { reason: error instanceof Error ? error.message : String(error) }),
  })
}

async function askModel(
  gateway: Gateway,
  caller: Caller,
  { judge: model, question, answer }: AnswerSample,
  closing: AbortSignal,
): Promise<string> {
  const messages = [
    { role: 'system', content: judgeInstructions },
    { role: 'user', content: `Request: ${question}\n\nAnswer: ${answer}` },
  ]
  const { status, body } = await converseInProcess(gateway, caller, { model, messages }, 'openai-chat', {
    headers,
    trace: null,
    signal: AbortSignal.any([closing, AbortSignal.timeout(timeoutMs)]),
  })
  const reply = replySchema.safeParse(body)
  if (status !== 200 || !reply.success) throw new Error(`the judge ${model} answered with status ${status}`)
  return reply.data.choices[0]?.message.content ?? ''
}

/** Like a key of its own, with a budget of its own. */
function judgeCaller(budgetUsd: number): { readonly budgetUsd: number; readonly caller: Caller } {
  const allowances = dailyAllowance(judgeHash, budgetUsd)
  return {
    budgetUsd,
    caller: { ...gatewayCaller, keyAlias: 'routeiq-judge', keyHash: judgeHash, allowances },
  }
}

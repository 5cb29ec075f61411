import type { QuotaPrincipal } from '../../quotas/quota.ts'
import type { Quotas } from '../../quotas/quotas.ts'
import type { ModelCalls } from './model-calls.ts'

/** What a judge is asked counts against the month's judge calls; a used-up quota is a call that failed. */
export function countJudgeCalls(
  calls: ModelCalls,
  quotas: Pick<Quotas, 'take'>,
  principal: QuotaPrincipal,
): ModelCalls {
  return {
    async ask(model, messages) {
      try {
        await quotas.take(principal, 'judge_calls_month')
      } catch (error) {
        return { ok: false, reason: (error as Error).message }
      }
      return calls.ask(model, messages)
    },
  }
}

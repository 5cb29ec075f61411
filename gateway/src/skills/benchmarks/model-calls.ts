import { z } from 'zod'
import type { Caller } from '../../identity/caller.ts'
import { callInProcess } from '../../pipeline/call-in-process.ts'
import type { Gateway } from '../../pipeline/gateway.ts'

/** What a benchmark asks of a model, and what it needs to know of the answer. */
export interface ModelCalls {
  /** One chat call without a stream. A call that fails is a value, not an exception: it becomes an errored case. */
  ask(model: string, messages: readonly ChatMessage[]): Promise<ModelReply>
}

export interface ChatMessage {
  readonly role: 'system' | 'user'
  readonly content: string
}

export type ModelReply =
  | { readonly ok: true; readonly text: string; readonly totalTokens: number; readonly durationMs: number }
  | { readonly ok: false; readonly reason: string }

/** What is read of a chat answer. */
const answerSchema = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }) })).min(1),
  usage: z.object({ total_tokens: z.number().nullish() }).nullish(),
})
const errorSchema = z.object({ error: z.object({ message: z.string() }) })

/** Calls through the gateway's own pipeline, charged to the caller like any of its own. */
export function createModelCalls(gateway: Gateway, caller: Caller): ModelCalls {
  return {
    async ask(model, messages) {
      const startedAt = gateway.now()
      const { status, body } = await callInProcess(gateway, caller, { model, messages })
      const answer = answerSchema.safeParse(body)
      if (status !== 200 || !answer.success) {
        const refusal = errorSchema.safeParse(body)
        return { ok: false, reason: refusal.success ? refusal.data.error.message : `status ${status}` }
      }
      return {
        ok: true,
        text: answer.data.choices[0]?.message.content ?? '',
        totalTokens: answer.data.usage?.total_tokens ?? 0,
        durationMs: gateway.now() - startedAt,
      }
    },
  }
}

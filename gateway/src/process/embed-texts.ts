import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import { gatewayCaller } from '../identity/caller.ts'
import { callInProcess } from '../pipeline/call-in-process.ts'
import type { Gateway } from '../pipeline/gateway.ts'

const answerSchema = z.object({
  data: z.array(z.object({ index: z.int(), embedding: z.array(z.number()) })),
})
const errorSchema = z.object({ error: z.object({ message: z.string() }) })

/** Embeds texts by a model of the gateway, on its own account. Errors: 502 `upstream_error` when it does not answer. */
export async function embedTexts(
  gateway: Gateway,
  model: string,
  texts: readonly string[],
): Promise<readonly (readonly number[])[]> {
  const request = { model, input: texts, encoding_format: 'float' }
  const { status, body } = await callInProcess(gateway, gatewayCaller, request, 'embedding')
  const answer = answerSchema.safeParse(body)
  if (status === 200 && answer.success)
    return answer.data.data
      .toSorted((left, right) => left.index - right.index)
      .map(({ embedding }) => embedding)
  const refusal = errorSchema.safeParse(body)
  const reason = refusal.success ? refusal.data.error.message : `status ${status}`
  throw new GatewayError('upstream_error', `The embedding model ${model} did not answer: ${reason}`, {
    status: 502,
  })
}

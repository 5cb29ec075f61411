import type { Operation } from '../conversation/operation.ts'
import type { ModelGroup } from '../deployments/deployment.ts'
import { estimateCost } from '../pricing/estimate-cost.ts'
import { estimateInputTokens } from '../pricing/estimate-tokens.ts'
import type { OutputEstimates } from './output-estimates.ts'

const picoPerNano = 1_000
/** Beyond this a body is pictures and documents, which cost a model far fewer tokens than their Base64 is long. */
const plainTextBytes = 262_144
const tokensBeyond = 0.02
/** Limiters count in whole numbers that numbers hold exactly; no model writes so much. */
const mostTokens = 1e9

export interface CallShape {
  /** The name limits of a model are held against, and what may serve the call. */
  readonly group: Pick<ModelGroup, 'name' | 'deployments' | 'priceLists'>
  readonly operation: Operation
  /** Length of the body. */
  readonly bytes: number
  readonly body: Readonly<Record<string, unknown>>
}

/** What a call will probably use, before it is made. */
export interface EstimatedUse {
  readonly inputTokens: number
  readonly outputTokens: number
  /** Nano-USD at the dearest deployment of the group; null where no price is known, 0 where it is free. */
  readonly cost: number | null
}

/** `learnedAs` is the group whose answers tell how long the next one will be. */
export function estimateUse(
  { group, operation, bytes, body }: CallShape,
  outputs: Pick<OutputEstimates, 'expect'>,
  learnedAs: string,
): EstimatedUse {
  const beyond = Math.max(0, bytes - plainTextBytes)
  const inputTokens = Math.max(1, estimateInputTokens(bytes - beyond) + Math.ceil(beyond * tokensBeyond))
  const count = readCount(body['n'])
  const writesText = operation === 'chat' || operation === 'completion'
  const outputTokens = writesText ? outputs.expect(learnedAs, readMaxTokens(body)) * count : 0
  return { inputTokens, outputTokens, cost: dearest(group, operation, inputTokens, outputTokens, count) }
}

function dearest(
  group: CallShape['group'],
  operation: Operation,
  inputTokens: number,
  outputTokens: number,
  count: number,
): number | null {
  let most: number | null = null
  for (const prices of group.priceLists) {
    const images = operation.startsWith('image-') ? imagePrice(prices.units) * count : 0
    const pico = (estimateCost(prices, inputTokens, outputTokens) ?? 0) + images
    most = Math.max(most ?? 0, Math.ceil(pico / picoPerNano))
  }
  return most
}

function imagePrice(units: { readonly outputImage?: bigint; readonly inputImage?: bigint }): number {
  return Number(units.outputImage || units.inputImage || 0n)
}

/** The limit a request sets itself, whatever its dialect calls it. */
function readMaxTokens(body: Readonly<Record<string, unknown>>): number | null {
  const generation = body['generationConfig'] as Readonly<Record<string, unknown>> | null | undefined
  const value =
    body['max_completion_tokens'] ??
    body['max_tokens'] ??
    body['max_output_tokens'] ??
    generation?.['maxOutputTokens']
  return typeof value === 'number' && value > 0 ? Math.min(mostTokens, Math.ceil(value)) : null
}

function readCount(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value > 1 ? Math.min(value, 128) : 1
}

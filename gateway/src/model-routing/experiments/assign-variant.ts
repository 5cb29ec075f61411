import { createHash } from 'node:crypto'
import type { ExperimentVariant } from './experiment.ts'

/** A split of requests between strategies. */
export interface Experiment {
  readonly id: string
  readonly variants: readonly ExperimentVariant[]
  /** Assignments do not depend on those of other experiments. */
  readonly salted?: boolean
}

/** Who is assigned; the most stable of what is known decides. */
export interface ExperimentUnit {
  readonly tenant: string | null
  readonly user: string | null
  readonly requestId: string
  readonly model: string
}

export interface Assignment {
  readonly experimentId: string
  readonly variant: ExperimentVariant
  readonly totalWeight: number
  readonly bucket: number
  readonly hashKeyType: 'tenant_user' | 'user' | 'request'
  /** Names who was assigned, as hex digits of a hash. */
  readonly unit: string
}

/**
 * The variant of a unit: the first eight bytes of SHA-256(key), big-endian, modulo the sum of weights, walked in the order given.
 * Salted ones append `:exp:{id}` to the key. Exactly the rule of LiteLLM-based gateways before this one, so that assignments survive the move.
 */
export function assignVariant({ id, variants, salted }: Experiment, unit: ExperimentUnit): Assignment | null {
  const totalWeight = variants.reduce((sum, { weight }) => sum + weight, 0)
  if (totalWeight <= 0) return null
  const { key: plainKey, type } = keyOf(unit)
  const key = salted === true ? `${plainKey}:exp:${id}` : plainKey
  const hash = hashOf(key)
  const bucket = Number(hash % BigInt(totalWeight))
  let cumulative = 0
  for (const variant of variants) {
    cumulative += variant.weight
    if (bucket < cumulative)
      return {
        ...{ experimentId: id, variant, totalWeight, bucket, hashKeyType: type },
        unit: hash.toString(16).padStart(16, '0'),
      }
  }
  return null
}

/** The first eight bytes of SHA-256, big-endian. */
export function hashOf(key: string): bigint {
  return createHash('sha256').update(key).digest().readBigUInt64BE(0)
}

function keyOf({ tenant, user, requestId, model }: ExperimentUnit): {
  readonly key: string
  readonly type: Assignment['hashKeyType']
} {
  if (user === null) return { key: `request:${requestId}:model:${model}`, type: 'request' }
  if (tenant === null) return { key: `user:${user}:model:${model}`, type: 'user' }
  return { key: `tenant:${tenant}:user:${user}:model:${model}`, type: 'tenant_user' }
}

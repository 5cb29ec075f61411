import type { Features } from './features.ts'
import { hashedSize } from './hash-tokens.ts'
import { structuredSize } from './structured.ts'

/** Features as they are kept with a decision: hashed counts and shapes, from which no text can be read back. */
export interface StoredFeatures {
  readonly slots: readonly number[]
  /** Signed counts, one a slot. */
  readonly counts: readonly number[]
  readonly structured: readonly number[]
  readonly tokens: number
}

/** More would hardly change an estimate. */
const mostSlots = 256

/** The heaviest slots of an ask. */
export function storeFeatures({ slots, values, size, structured, tokens }: Features): StoredFeatures {
  const order = Array.from({ length: size }, (_, index) => index)
  if (size > mostSlots)
    order.sort((left, right) => Math.abs(values[right] as number) - Math.abs(values[left] as number))
  const kept = order.slice(0, mostSlots)
  return {
    slots: kept.map((index) => slots[index] as number),
    counts: kept.map((index) => countOf(values[index] as number)),
    structured: Array.from(structured, (value) => Math.round(value * 1e4) / 1e4),
    tokens,
  }
}

function countOf(value: number): number {
  return Math.sign(value) * Math.round(Math.exp(Math.abs(value)) - 1)
}

/** Null when the value is no such thing. */
export function restoreFeatures(value: unknown): Features | null {
  const { slots, counts, structured, tokens } = (value ?? {}) as Partial<StoredFeatures>
  if (!isNumbers(slots) || !isNumbers(counts) || !isNumbers(structured)) return null
  const isSound =
    slots.length === counts.length &&
    structured.length === structuredSize &&
    slots.every((slot) => Number.isInteger(slot) && slot >= 0 && slot < hashedSize)
  if (!isSound) return null
  return {
    slots: Uint16Array.from(slots),
    values: Float64Array.from(counts, (count) => Math.sign(count) * Math.log(1 + Math.abs(count))),
    size: slots.length,
    tokens: typeof tokens === 'number' ? tokens : slots.length,
    structured: Float64Array.from(structured),
    text: '',
  }
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number' && Number.isFinite(item))
}

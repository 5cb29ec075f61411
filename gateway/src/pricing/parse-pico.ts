import type { PicoUsd } from './prices.ts'

const decimal = /^(\d{1,20})(?:\.(\d{1,60}))?(?:[eE]([+-]?\d{1,3}))?$/

/**
 * Exact conversion of a non-negative decimal amount of USD to pico-USD, half a pico rounded up. A number is read
 * by its shortest decimal form, which is what the price list said. Null for anything else.
 */
export function parsePico(amount: unknown): PicoUsd | null {
  if (typeof amount !== 'number' && typeof amount !== 'string') return null
  const match = decimal.exec(String(amount).trim())
  if (match === null) return null
  const fraction = match[2] ?? ''
  const digits = BigInt((match[1] ?? '') + fraction)
  const exponent = Number(match[3] ?? 0) - fraction.length + picoDigits
  if (exponent > 60) return null
  if (exponent >= 0) return digits * 10n ** BigInt(exponent)
  const divisor = 10n ** BigInt(-exponent)
  return (digits + divisor / 2n) / divisor
}

const picoDigits = 12

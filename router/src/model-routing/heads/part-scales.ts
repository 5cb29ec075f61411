import { type HeadWeights, type Tensor, takeTensor, tensor } from './head.ts'

/** What brings predictions of the same thing, each with a spread of its own, together into one. */
export interface PartScales {
  readonly spreads: readonly number[]
  readonly centres: readonly number[]
}

/** A part that says the same of every ask must not be blown up. */
const leastSpread = 1e-3

/** `rows` are the parts' predictions of asks they were not trained on. */
export function fitScales(rows: readonly (readonly number[])[]): PartScales {
  const parts = (rows[0] ?? []).map((_, part) => rows.map((row) => row[part] as number))
  const centres = parts.map(meanOf)
  const spreads = parts.map((values, part) => {
    const spread = Math.sqrt(meanOf(values.map((value) => (value - (centres[part] as number)) ** 2)))
    return spread < leastSpread ? 1 : spread
  })
  return { spreads, centres }
}

/** The mean of the parts, each by its spread around its centre. */
export function joinParts({ spreads, centres }: PartScales, parts: readonly number[]): number {
  let sum = 0
  for (let part = 0; part < spreads.length; part++)
    sum += ((parts[part] as number) - (centres[part] as number)) / (spreads[part] as number)
  return sum / spreads.length
}

/** Spreads, centres, and the numbers that turn the mean into an estimate. */
export function keepScales({ spreads, centres }: PartScales, line: readonly [number, number]): Tensor {
  const values = [...spreads, ...centres, ...line]
  return tensor([values.length], values)
}

/** Of two parts, as bundles used to have, or three. Errors: throws when there are more or fewer. */
export function readScales(
  weights: HeadWeights,
): PartScales & { readonly line: readonly [factor: number, mean: number] } {
  const values = [...takeTensor(weights, 'scales', [-1]).values]
  const parts = values.length / 2 - 1
  if (parts !== 2 && parts !== 3) throw new Error('scales are not those of two or three parts')
  const line = values.slice(2 * parts) as [number, number]
  return { spreads: values.slice(0, parts), centres: values.slice(parts, 2 * parts), line }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}

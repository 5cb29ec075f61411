import { randomFrom } from '../training/random.ts'

const resamples = 1_000
/** Drawing whole groups costs the same however many items there are. */
const mostGroups = 400

/**
 * A 95 % interval of a number made of sums, by bootstrap (1,000 times) over items, which are put together in groups where they are
 * many. Null where the number is never defined.
 */
export function bootstrapInterval<Item>(
  items: readonly Item[],
  sumsOf: (item: Item) => readonly number[],
  statistic: (sums: readonly number[]) => number | null,
): readonly [number, number] | null {
  const [first] = items
  if (first === undefined) return null
  const random = randomFrom(1)
  const width = sumsOf(first).length
  const groups = Array.from({ length: Math.min(mostGroups, items.length) }, () => new Float64Array(width))
  for (const [index, item] of items.entries()) {
    const group = groups[items.length <= mostGroups ? index : Math.floor(random.next() * groups.length)]
    for (const [at, value] of sumsOf(item).entries())
      if (group !== undefined) group[at] = (group[at] as number) + value
  }
  const values: number[] = []
  for (let sample = 0; sample < resamples; sample++) {
    const drawn = new Array<number>(width).fill(0)
    for (let count = 0; count < groups.length; count++) {
      const group = groups[Math.floor(random.next() * groups.length)] as Float64Array
      for (let at = 0; at < width; at++) drawn[at] = (drawn[at] as number) + (group[at] as number)
    }
    const value = statistic(drawn)
    if (value !== null) values.push(value)
  }
  values.sort((left, right) => left - right)
  const quantile = (share: number): number => values[Math.floor(share * (values.length - 1))] as number
  return values.length === 0 ? null : [quantile(0.025), quantile(0.975)]
}

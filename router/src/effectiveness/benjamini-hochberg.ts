/**
 * Which of many tests stand when at most a share `q` of the discoveries may be false (Benjamini & Hochberg 1995):
 * one flag for each p-value, in their order.
 */
export function controlDiscoveries(pValues: readonly number[], q: number): readonly boolean[] {
  const ascending = pValues.map((p, index) => ({ p, index })).sort((left, right) => left.p - right.p)
  let accepted = 0
  ascending.forEach(({ p }, rank) => {
    if (p <= (q * (rank + 1)) / pValues.length) accepted = rank + 1
  })
  const flags = pValues.map(() => false)
  for (const { index } of ascending.slice(0, accepted)) flags[index] = true
  return flags
}

/** nDCG of the first `depth` places, binary relevance, 0–1 (Järvelin and Kekäläinen 2002). */
export function judgeRanking(ids: readonly string[], relevant: ReadonlySet<string>, depth = 5): number {
  let gain = 0
  for (const [place, id] of ids.slice(0, depth).entries()) if (relevant.has(id)) gain += discount(place)
  let ideal = 0
  for (let place = 0; place < Math.min(depth, relevant.size); place++) ideal += discount(place)
  return ideal === 0 ? 0 : gain / ideal
}

/** What a right skill at `place`, from 0, is worth. */
const discount = (place: number): number => 1 / Math.log2(place + 2)

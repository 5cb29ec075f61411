/** nDCG of the first `depth` places with binary relevance, 0–1. */
export function judgeNdcg(ids, relevant, depth = 5) {
  let gain = 0
  for (const [index, id] of ids.slice(0, depth).entries())
    if (relevant.has(id)) gain += 1 / Math.log2(index + 2)
  let ideal = 0
  for (let index = 0; index < Math.min(depth, relevant.size); index++) ideal += 1 / Math.log2(index + 2)
  return ideal === 0 ? 0 : gain / ideal
}

/** Share of the relevant skills among the first `depth` places, 0–1. */
export function judgeRecall(ids, relevant, depth) {
  const found = ids.slice(0, depth).filter((id) => relevant.has(id)).length
  return found / Math.min(relevant.size, depth)
}

import { chooseCascade, replayCascade } from '../../router/dist/measure.js'

/** The agreement cascade: the pair chosen on the rows that were seen, replayed on the others. Null without answer groups. */
export function measureCascade(matrix, seen, test) {
  const rowsOf = (positions) => positions.map((position) => matrix.rows[position])
  if (matrix.rows.some(({ answers }) => answers === null)) return null
  const cascade = chooseCascade(rowsOf(seen), matrix.models.length, 1)
  if (cascade === null) return null
  const { quality, cost, referenceQuality, referenceCost, agreed } = replayCascade(rowsOf(test), cascade)
  return {
    pair: [cascade.first, cascade.second, cascade.strong].map((model) => matrix.models[model]),
    ratio: quality / referenceQuality,
    saved: 1 - cost / referenceCost,
    agreed,
  }
}

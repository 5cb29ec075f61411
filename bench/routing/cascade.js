import { chooseCascade, replayCascade } from '../../router/dist/measure.js'

/**
 * The agreement cascade: pair, third model and confidence chosen on the rows that were seen (with what cross-validation expects of
 * them), replayed on the others. Null without answer groups.
 */
export function measureCascade(matrix, seen, test, reference) {
  const rowsOf = ({ positions, quality }) => ({
    rows: positions.map((position) => matrix.rows[position]),
    expected: quality,
  })
  if (matrix.rows.some(({ answers }) => answers === null)) return null
  const cascade = chooseCascade(rowsOf(seen), matrix.models.length, 1)
  if (cascade === null) return null
  const outcome = replayCascade(rowsOf(test), cascade, reference)
  return {
    pair: [cascade.first, cascade.second, cascade.strong].map((model) => matrix.models[model]),
    confident: cascade.confident,
    ratio: outcome.quality / outcome.referenceQuality,
    saved: 1 - outcome.cost / outcome.referenceCost,
    agreed: outcome.agreed,
  }
}

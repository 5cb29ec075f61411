import { replayCascade } from '../../router/dist/measure.js'

/** The bundle's agreement cascade, replayed on rows it has not seen. Null without one. */
export function measureCascade(matrix, { cascade }, test, predictions) {
  if (cascade === null) return null
  const rows = test.map((position) => matrix.rows[position])
  const { quality, cost, referenceQuality, referenceCost, agreed } = replayCascade(rows, predictions, cascade)
  return {
    leastGain: cascade.leastGain,
    pair: [cascade.first, cascade.second, cascade.strong].map((model) => matrix.models[model]),
    ratio: quality / referenceQuality,
    saved: 1 - cost / referenceCost,
    agreed,
  }
}

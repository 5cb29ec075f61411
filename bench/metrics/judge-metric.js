import { spreadOf } from '../measure/statistics.js'

/**
 * The ratio of a metric: its value in every round, their median with minimum and maximum, and whether the
 * median meets the goal.
 * @param {import('./metrics.js').Metric} metric
 * @param {Record<string, object[]>} results rounds by subject, with the product under `product`
 */
export function judgeMetric(metric, results) {
  const missing = ['product', ...metric.peers].filter((name) => results[name] === undefined)
  if (missing.length > 0) return { metric, missing }
  const rounds = results.product.map((_, round) =>
    metric.value(
      Object.fromEntries(['product', ...metric.peers].map((name) => [name, results[name][round]])),
    ),
  )
  const measured = spreadOf(rounds)
  const noisy = ['product', ...metric.peers].some((name) => results[name].some((round) => round.noisy))
  const meets = (bound) => (metric.bound === 'least' ? measured.median >= bound : measured.median <= bound)
  return {
    metric,
    missing,
    rounds,
    measured,
    noisy,
    goalMet: meets(metric.goal),
    moonshotMet: meets(metric.moonshot),
  }
}

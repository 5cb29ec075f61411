import type { Predictions } from './predictions.ts'
import { judge, lambdaGrid, pickAll } from './trade-off.ts'

/**
 * Area under the non-decreasing concave hull of (mean cost, mean quality) over λ, from the cheapest model's mean cost to the
 * reference's, divided by the width: the mean quality one gets for a budget.
 */
export function averageImprovedQuality(predictions: Predictions, reference: number, costRef: number): number {
  const points = lambdaGrid.map((lambda) => {
    const { cost, quality } = judge(predictions, pickAll(predictions, lambda, costRef), reference)
    return [cost, quality] as const
  })
  const from = cheapestMeanCost(predictions)
  const to = judge(predictions, new Int32Array(predictions.rows).fill(reference), reference).cost
  if (to <= from) return Math.max(...points.map(([, quality]) => quality))
  const hull = concaveHull(points)
  const steps = 512
  let area = 0
  for (let step = 0; step < steps; step++) area += heightAt(hull, from + ((step + 0.5) / steps) * (to - from))
  return area / steps
}

type Curve = readonly (readonly [number, number])[]

/** The upper hull, from the left, that never falls. */
function concaveHull(points: Curve): Curve {
  const sorted = points.toSorted((left, right) => left[0] - right[0] || right[1] - left[1])
  const hull: (readonly [number, number])[] = []
  for (const point of sorted) {
    const last = hull.at(-1)
    if (last !== undefined && point[1] <= last[1]) continue
    while (hull.length >= 2 && isBelow(hull.at(-2), hull.at(-1), point)) hull.pop()
    hull.push(point)
  }
  return hull
}

function isBelow(
  one: readonly [number, number] | undefined,
  middle: readonly [number, number] | undefined,
  other: readonly [number, number],
): boolean {
  if (one === undefined || middle === undefined) return false
  return (middle[1] - one[1]) * (other[0] - one[0]) <= (other[1] - one[1]) * (middle[0] - one[0])
}

function heightAt(hull: Curve, cost: number): number {
  const next = hull.findIndex(([x]) => x >= cost)
  if (next < 0) return hull.at(-1)?.[1] ?? 0
  const [x1, y1] = hull[next] ?? [0, 0]
  const before = hull[next - 1]
  if (before === undefined) return y1
  const [x0, y0] = before
  return x1 === x0 ? y1 : y0 + ((y1 - y0) * (cost - x0)) / (x1 - x0)
}

function cheapestMeanCost(predictions: Predictions): number {
  const { models, rows } = predictions
  let cheapest = Number.POSITIVE_INFINITY
  for (let model = 0; model < models; model++) {
    const { cost } = judge(predictions, new Int32Array(rows).fill(model), model)
    cheapest = Math.min(cheapest, cost)
  }
  return cheapest
}

/** Expected calibration error over ten bins of predicted quality, every model of every row. */
export function calibrationError({ quality, scores }: Predictions): number {
  const sums = Array.from({ length: 10 }, () => ({ count: 0, predicted: 0, real: 0 }))
  let total = 0
  quality.forEach((predicted, at) => {
    const real = scores[at] as number
    if (Number.isNaN(real)) return
    const bin = sums[Math.min(9, Math.floor(predicted * 10))]
    if (bin === undefined) return
    bin.count++
    bin.predicted += predicted
    bin.real += real
    total++
  })
  const gap = sums.reduce((sum, { predicted, real }) => sum + Math.abs(predicted - real), 0)
  return total === 0 ? 0 : gap / total
}

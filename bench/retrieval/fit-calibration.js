import { SkillIndex } from '../../router/dist/index.js'

/**
 * How well the scores are calibrated: the mean score and the share of right ones of the first results, in bands,
 * and the logistic curve that would fit best, over all sets with the same weight.
 */
export function fitCalibration(sets, embedder, fusion) {
  const pools = new Map(
    sets.map(({ file, skills }) => [file, SkillIndex.build(skills, embedder, { fusion })]),
  )
  const firsts = sets.flatMap(({ file, requests }) =>
    requests.map(({ text, relevant }) => {
      const [first] = pools.get(file).search(text, { depth: 1 })
      return {
        fused: first?.fused ?? 0,
        score: first?.score ?? 0,
        right: first !== undefined && relevant.has(first.id) ? 1 : 0,
        share: 1 / requests.length / sets.length,
      }
    }),
  )
  return { bands: readBands(firsts), curve: fitLogistic(firsts), error: calibrationError(firsts) }
}

/** Newton's method on the weighed log-likelihood. */
function fitLogistic(points) {
  let offset = 0
  let slope = 1
  for (let round = 0; round < 50; round++) {
    const sums = { a: 0, b: 0, aa: 1e-9, ab: 0, bb: 1e-9 }
    for (const { fused, right, share } of points) {
      const chance = 1 / (1 + Math.exp(-(offset + slope * fused)))
      const curvature = share * chance * (1 - chance)
      sums.a += share * (right - chance)
      sums.b += share * (right - chance) * fused
      sums.aa += curvature
      sums.ab += curvature * fused
      sums.bb += curvature * fused * fused
    }
    const determinant = sums.aa * sums.bb - sums.ab * sums.ab
    offset += (sums.bb * sums.a - sums.ab * sums.b) / determinant
    slope += (sums.aa * sums.b - sums.ab * sums.a) / determinant
  }
  return { offset, slope }
}

function readBands(points) {
  return [0, 0.2, 0.4, 0.6, 0.8].map((low) => {
    const inside = points.filter(({ score }) => score >= low && (score < low + 0.2 || low === 0.8))
    const mean = (read) => inside.reduce((sum, point) => sum + read(point), 0) / Math.max(1, inside.length)
    return {
      low,
      count: inside.length,
      score: mean((point) => point.score),
      right: mean((point) => point.right),
    }
  })
}

function calibrationError(points) {
  const bands = readBands(points)
  return bands.reduce(
    (sum, band) => sum + (band.count / points.length) * Math.abs(band.score - band.right),
    0,
  )
}

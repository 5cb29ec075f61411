import { randomFrom } from '../../router/dist/measure.js'

const samples = 1_000

/** 95 % interval of the quality ratio, paired over asks. */
export function bootstrapRatio({ rows, models, scores }, picks, reference, seed) {
  const random = randomFrom(seed + 77)
  const ratios = Array.from({ length: samples }, () => {
    let own = 0
    let base = 0
    for (let draw = 0; draw < rows; draw++) {
      const row = Math.floor(random.next() * rows)
      own += scores[row * models + picks[row]]
      base += scores[row * models + reference]
    }
    return own / base
  }).sort((left, right) => left - right)
  return [ratios[Math.floor(samples * 0.025)], ratios[Math.floor(samples * 0.975)]]
}

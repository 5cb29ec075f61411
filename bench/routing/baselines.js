import {
  createPoint,
  KnnIndex,
  keepRows,
  prepareTraining,
  project,
  randomFrom,
} from '../../router/dist/measure.js'

/** kNN-5 that votes for best-model labels, ties among the best models broken by chance: what label training amounts to. */
export function knnVotes(featured, seen, test, seed) {
  const set = prepareTraining(featured, seen)
  const width = set.models.length
  const random = randomFrom(seed + 5)
  const labels = Array.from({ length: set.size }, (_, row) => {
    const scores = set.scores.subarray(row * width, (row + 1) * width)
    const best = Math.max(...scores)
    const winners = [...scores.keys()].filter((model) => scores[model] === best)
    return winners[Math.floor(random.next() * winners.length)]
  })
  const rows = keepRows(set, { neighbours: 5, temperature: 0, shrink: 0 })
  const index = new KnnIndex(rows.postings, rows.size, { neighbours: 5, temperature: 0, shrink: 0 })
  const point = createPoint()
  return Int32Array.from(test, (position) => {
    project(featured.features[position], set.space, point)
    const found = index.search(point)
    const votes = new Float64Array(width)
    for (let at = 0; at < found.size; at++) votes[labels[found.rows[at]]]++
    return votes.indexOf(Math.max(...votes))
  })
}

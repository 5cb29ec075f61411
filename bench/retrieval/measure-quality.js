import { SkillIndex } from '../../router/dist/index.js'
import { judgeNdcg, judgeRecall } from './judge-ranking.js'

/** What is ranked: one list of the index, or a fusion of all. */
const methods = [
  { name: 'lexical (BM25F)', list: 'lexical' },
  { name: 'dense (name, description)', list: 'dense' },
  { name: 'body vectors', list: 'body' },
  { name: 'literal', list: 'literal' },
  { name: 'RRF, k = 60', fusion: 'rrf' },
  { name: 'gated, words only', fusion: 'gated', embedder: null },
  { name: '**gated**', fusion: 'gated' },
]

/** A row a method: nDCG@5 of each set, and R@1 and R@5 of the first set. */
export function measureQuality(sets, embedder) {
  return methods.map((method) => {
    const indexes = new Map()
    const values = sets.map((set) => {
      const known = indexes.get(set.file)
      const used = method.embedder === null ? null : embedder
      const index = known ?? SkillIndex.build(set.skills, used, { fusion: method.fusion ?? 'gated' })
      indexes.set(set.file, index)
      return judgeSet(set, index, method.list)
    })
    return { name: method.name, values }
  })
}

function judgeSet({ requests }, index, list) {
  const sums = { ndcg: 0, first: 0, five: 0, reciprocal: 0 }
  for (const { text, relevant } of requests) {
    const ids = rank(index, text, list)
    sums.ndcg += judgeNdcg(ids, relevant)
    sums.first += judgeRecall(ids, relevant, 1)
    sums.five += judgeRecall(ids, relevant, 5)
    const place = ids.findIndex((id) => relevant.has(id))
    sums.reciprocal += place < 0 ? 0 : 1 / (place + 1)
  }
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / requests.length]))
}

function rank(index, text, list) {
  const results = index.search(text, { depth: 200 })
  if (list === undefined) return results.map(({ id }) => id)
  const placed = results.filter(({ lists }) => lists[list] !== undefined)
  return placed.sort((one, other) => one.lists[list] - other.lists[list]).map(({ id }) => id)
}

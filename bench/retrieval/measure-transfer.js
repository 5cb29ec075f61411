import { defaultFusion, SkillIndex, tuneFusion } from '../../router/dist/index.js'
import { judgeNdcg } from './judge-ranking.js'

/**
 * Do constants learnt elsewhere hold? For each set nDCG@5 with the shipped constants, and with constants learnt from
 * the other files.
 */
export function measureTransfer(sets, embedder) {
  const pools = new Map(sets.map(({ file, skills }) => [file, SkillIndex.build(skills, embedder)]))
  return sets.map((set) => {
    const elsewhere = sets.filter(({ file }) => file !== set.file)
    const learnt = elsewhere.map(
      ({ file, requests }) => tuneFusion(pools.get(file), requests.slice(0, 250)).constants,
    )
    return {
      name: set.name,
      shipped: judge(set, embedder, defaultFusion),
      transferred: judge(set, embedder, average(learnt)),
    }
  })
}

function average(constants) {
  const names = Object.keys(defaultFusion)
  return Object.fromEntries(
    names.map((name) => [name, constants.reduce((sum, learnt) => sum + learnt[name], 0) / constants.length]),
  )
}

function judge({ skills, requests }, embedder, constants) {
  const index = SkillIndex.build(skills, embedder, { constants })
  const found = requests.map(({ text, relevant }) => {
    return judgeNdcg(
      index.search(text, { depth: 5 }).map(({ id }) => id),
      relevant,
    )
  })
  return found.reduce((sum, value) => sum + value, 0) / found.length
}

import { SkillIndex } from '../../router/dist/index.js'
import { judgeRecall } from './judge-ranking.js'
import { readLines, readSet } from './sets.js'

const perSkill = [0, 10, 30, 80]

/**
 * R@1 of metatool's test requests when each skill has been activated a number of times by requests of the train
 * part; with wrong labels, one in five of these was credited to another skill. Draws are seeded.
 */
export function measureLearningCurve(directory, embedder) {
  const set = readSet(directory, { name: 'metatool', file: 'metatool', split: 'test' })
  const train = readTrainRequests(directory)
  return [0, 0.2].map((wrong) => ({
    wrong,
    points: perSkill.map((count) => ({ count, recall: measurePoint(set, train, embedder, count, wrong) })),
  }))
}

function measurePoint(set, train, embedder, count, wrong) {
  const random = createRandom(17)
  const feedback = new Map(set.skills.map(({ id }) => [id, []]))
  const ids = set.skills.map(({ id }) => id)
  for (const [id, requests] of train) {
    const drawn = shuffle(requests, random).slice(0, count)
    for (const text of drawn) {
      const credited = random() < wrong ? ids[Math.floor(random() * ids.length)] : id
      feedback.get(credited).push(text)
    }
  }
  const skills = set.skills.map((skill) => ({ ...skill, feedback: feedback.get(skill.id) }))
  const index = SkillIndex.build(skills, embedder)
  const found = set.requests.map(({ text, relevant }) =>
    judgeRecall(
      index.search(text, { depth: 1 }).map(({ id }) => id),
      relevant,
      1,
    ),
  )
  return found.reduce((sum, value) => sum + value, 0) / found.length
}

/** Requests of the train part by skill. */
function readTrainRequests(directory) {
  const texts = new Map(
    readLines(directory, 'metatool.queries')
      .filter(({ split }) => split === 'train')
      .map((query) => [query.id, query.text]),
  )
  const bySkill = new Map()
  for (const { query_id, skill_id } of readLines(directory, 'metatool.qrels')) {
    const text = texts.get(query_id)
    if (text === undefined) continue
    if (!bySkill.has(skill_id)) bySkill.set(skill_id, [])
    bySkill.get(skill_id).push(text)
  }
  return bySkill
}

function shuffle(items, random) {
  const keyed = items.map((item) => ({ item, key: random() })).sort((one, other) => one.key - other.key)
  return keyed.map(({ item }) => item)
}

/** Mulberry32. */
export function createRandom(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

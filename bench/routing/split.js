import { randomFrom, shuffled } from '../../router/dist/measure.js'

/** Three quarters to train and validate on, a quarter to read once; equal prompts stay on one side, tasks keep their shares. */
export function splitRows(rows, seed) {
  const order = shuffled(rows.length, randomFrom(seed))
  const byPrompt = new Map()
  for (const at of order) {
    const key = `${rows[at].task}\u0000${rows[at].prompt.toLowerCase().replace(/\s+/g, ' ').trim()}`
    byPrompt.set(key, [...(byPrompt.get(key) ?? []), at])
  }
  const byTask = new Map()
  for (const members of byPrompt.values()) {
    const task = rows[members[0]].task ?? ''
    byTask.set(task, [...(byTask.get(task) ?? []), members])
  }
  const seen = []
  const test = []
  for (const groups of byTask.values())
    for (const [index, members] of groups.entries()) (index % 4 === 3 ? test : seen).push(...members)
  return { seen, test }
}

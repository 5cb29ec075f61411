import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** Which requests of which file make a set; of Seal-Tools, tools of known and of unknown domains are two. */
const sets = [
  { name: 'metatool', file: 'metatool', split: 'test' },
  { name: 'multi', file: 'metatool', split: 'multi' },
  { name: 'seal', file: 'sealtools', split: 'test' },
  { name: 'seal-ood', file: 'sealtools', split: 'test_ood' },
  { name: 'ultra', file: 'ultratool', split: 'test' },
]

/** Every set whose files are in `directory`: `{name, skills, requests: [{text, relevant}]}`. */
export function readSets(directory) {
  return sets
    .filter(({ file }) => existsSync(join(directory, `${file}.skills.jsonl.gz`)))
    .map((set) => readSet(directory, set))
}

export function readSet(directory, { name, file, split }) {
  const skills = readLines(directory, `${file}.skills`).map(toDocument)
  const relevant = new Map()
  for (const { query_id, skill_id, relevance } of readLines(directory, `${file}.qrels`)) {
    if (relevance <= 0) continue
    if (!relevant.has(query_id)) relevant.set(query_id, new Set())
    relevant.get(query_id).add(skill_id)
  }
  const requests = readLines(directory, `${file}.queries`)
    .filter((query) => query.split === split && relevant.has(query.id))
    .map((query) => ({ text: query.text, relevant: relevant.get(query.id) }))
  return { name, file, skills, requests }
}

export function toDocument({ id, name, description, body, category }) {
  return {
    id,
    name,
    description,
    body: body ?? '',
    category: category ?? null,
    tags: [],
    triggerPhrases: [],
    feedback: [],
  }
}

export function readLines(directory, name) {
  const text = gunzipSync(readFileSync(join(directory, `${name}.jsonl.gz`))).toString()
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

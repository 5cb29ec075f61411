import { IndexBuilder } from '../../router/dist/index.js'
import { createRandom } from './learning-curve.js'
import { readLines, readSet, toDocument } from './sets.js'

const warmUp = 300
const measured = 1500
const sliceSize = 16

/** Load, memory, search and edit times of one process, for catalogues of real names with generated bodies. */
export function measureSpeed(directory, embedder, sizes) {
  const { requests } = readSet(directory, { name: 'metatool', file: 'metatool', split: 'test' })
  const short = requests.map(({ text }) => text)
  const long = Array.from({ length: 200 }, (_, index) => short.slice(index, index + 14).join(' '))
  return sizes.map((size) => measureSize(makeCatalogue(directory, size), embedder, short, long))
}

function measureSize(skills, embedder, short, long) {
  const before = readMemory()
  const builder = new IndexBuilder(skills, embedder)
  const slices = []
  const loadMs = readCpuMs()
  for (let more = true; more; )
    slices.push(
      time(() => {
        more = builder.addSome(sliceSize)
      }),
    )
  const load = readCpuMs() - loadMs
  const { index } = builder
  const memory = readMemory() - before
  const cold = time(() => index.search(short[0], { depth: 10 }))
  return {
    size: skills.length,
    load,
    slice: summarise(slices),
    memory,
    cold,
    short: measureSearches(index, short),
    long: measureSearches(index, long),
    upsert: summarise(
      skills
        .slice(0, 200)
        .map((skill) => time(() => index.upsert({ ...skill, description: `${skill.description} now` }))),
    ),
  }
}

function measureSearches(index, requests) {
  for (let round = 0; round < warmUp; round++) index.search(requests[round % requests.length], { depth: 10 })
  const times = []
  const startMs = readCpuMs()
  for (let round = 0; round < measured; round++) {
    times.push(time(() => index.search(requests[round % requests.length], { depth: 10 })))
  }
  return { ...summarise(times), cpu: (readCpuMs() - startMs) / measured }
}

/** Registry skills, renamed when there are not enough, each with a body of 120 to 280 words of the registry. */
function makeCatalogue(directory, size) {
  const random = createRandom(size)
  const registry = readLines(directory, 'registry.skills').map(toDocument)
  const words = registry.flatMap(({ description }) => description.split(' '))
  return Array.from({ length: size }, (_, index) => {
    const skill = registry[index % registry.length]
    const copy = Math.floor(index / registry.length)
    const length = 120 + Math.floor(160 * random())
    const body = Array.from({ length }, () => words[Math.floor(random() * words.length)]).join(' ')
    return {
      ...skill,
      id: `${skill.id}-${copy}`,
      name: copy === 0 ? skill.name : `${skill.name}-${copy}`,
      body,
    }
  })
}

/** Of all threads, the collector's too; what others do on the machine shows less in it than in a clock. */
function readCpuMs() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function time(work) {
  const started = performance.now()
  work()
  return performance.now() - started
}

function summarise(times) {
  const sorted = [...times].sort((one, other) => one - other)
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
  return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) }
}

/** Heap, buffers and memories of WebAssembly after a collection, in bytes; needs `--expose-gc`. */
function readMemory() {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

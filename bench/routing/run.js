// Prints the tables of README.md. Every set and seed is measured in a process of its own and kept in .work/routing.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { measureLearning } from './learning.js'
import { readSet, setNames } from './sets.js'
import { measureSpeed } from './speed.js'
import { printTables } from './tables.js'

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    sets: { type: 'string', default: setNames.join(',') },
    seeds: { type: 'string', default: '0,1,2,3,4' },
    work: { type: 'string', default: new URL('../.work/routing', import.meta.url).pathname },
    only: { type: 'string', default: 'quality,learning,speed' },
  },
})
if (options.data === undefined || !existsSync(`${options.data}/zeroeval.jsonl.gz`)) {
  console.log(
    'Skipped: give the folder with <set>.jsonl.gz and <set>.meta.json as --data DIR. The sets are not part of the repository.',
  )
} else {
  const parts = options.only.split(',')
  if (parts.includes('quality')) printTables(measureSets())
  if (parts.includes('learning')) measureLearning(readSet(options.data, 'zeroeval'), seeds())
  if (parts.includes('speed')) measureSpeed(readSet(options.data, 'zeroeval'))
}

function seeds() {
  return options.seeds.split(',').map(Number)
}

function measureSets() {
  mkdirSync(options.work, { recursive: true })
  const script = new URL('./measure.js', import.meta.url).pathname
  return options.sets.split(',').map((name) => ({
    name,
    results: seeds().map((seed) => {
      const out = `${options.work}/r.${name}.${seed}.json`
      if (!existsSync(out))
        execFileSync(process.execPath, [script, options.data, name, String(seed), out], { stdio: 'inherit' })
      return JSON.parse(readFileSync(out, 'utf8'))
    }),
  }))
}

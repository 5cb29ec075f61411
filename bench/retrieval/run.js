import { existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { StaticEmbedder } from '../../router/dist/index.js'
import { fitCalibration } from './fit-calibration.js'
import { measureLearningCurve } from './learning-curve.js'
import { measureQuality } from './measure-quality.js'
import { measureSpeed } from './measure-speed.js'
import { measureTransfer } from './measure-transfer.js'
import { readSets } from './sets.js'

const parts = { quality, curve, transfer, calibration, speed }
const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    sizes: { type: 'string', default: '100,1000,10000,100000' },
    only: { type: 'string', default: Object.keys(parts).join(',') },
    table: {
      type: 'string',
      default: new URL('../../router/embedding/skill-embedding.bin', import.meta.url).pathname,
    },
  },
})
if (options.data === undefined || !existsSync(`${options.data}/metatool.skills.jsonl.gz`)) {
  console.log(
    'Skipped: give the folder with <set>.skills|queries|qrels.jsonl.gz as --data DIR. The sets are not part of the repository.',
  )
} else {
  const embedder = new StaticEmbedder(readFileSync(options.table))
  const sets = readSets(options.data)
  for (const part of options.only.split(',')) {
    console.log(`\n## ${part}\n`)
    parts[part](sets, embedder)
  }
}

function quality(sets, embedder) {
  const rows = measureQuality(sets, embedder).map(({ name, values }) => {
    const ndcg = values.map((value) => value.ndcg)
    const mean = ndcg.reduce((sum, value) => sum + value, 0) / ndcg.length
    const [{ first, five, reciprocal }] = values
    return [name, ...[...ndcg, mean, first, five, reciprocal].map(percent)]
  })
  print(['nDCG@5', ...sets.map(({ name }) => name), 'mean', `${sets[0].name} R@1`, 'R@5', 'MRR'], rows)
}

function curve(_sets, embedder) {
  const lines = measureLearningCurve(options.data, embedder)
  const counts = lines[0].points.map(({ count }) => `${count} a skill`)
  print(
    ['metatool R@1', ...counts],
    lines.map(({ wrong, points }) => [
      `${percent(wrong)} % wrong labels`,
      ...points.map(({ recall }) => percent(recall)),
    ]),
  )
}

function transfer(sets, embedder) {
  const rows = measureTransfer(sets, embedder).map(({ name, shipped, transferred }) => [
    name,
    percent(shipped),
    percent(transferred),
  ])
  print(['nDCG@5', 'shipped constants', 'learnt on the other files'], rows)
}

function calibration(sets, embedder) {
  for (const fusion of ['gated', 'rrf']) {
    const {
      bands,
      curve: { offset, slope },
      error,
    } = fitCalibration(sets, embedder, fusion)
    print(
      [`${fusion}: score of the first`, 'requests', 'mean score', 'right'],
      bands.map(({ low, count, score, right }) => [
        `from ${low.toFixed(1)}`,
        String(count),
        percent(score),
        percent(right),
      ]),
    )
    console.log(
      `\nError ${percent(error)}; best curve: offset ${offset.toFixed(2)}, slope ${slope.toFixed(2)}\n`,
    )
  }
}

function speed(_sets, embedder) {
  const spread = ({ p50, p99 }) => `${p50.toFixed(2)} / ${p99.toFixed(2)}`
  const withCpu = (times) => `${spread(times)} / ${times.cpu.toFixed(2)}`
  const rows = measureSpeed(options.data, embedder, options.sizes.split(',').map(Number)).map((row) => [
    String(row.size),
    withCpu(row.short),
    withCpu(row.long),
    row.cold.toFixed(2),
    (row.load / 1000).toFixed(2),
    row.slice.p99.toFixed(1),
    (row.memory / 2 ** 20).toFixed(0),
    spread(row.upsert),
  ])
  print(
    [
      'skills',
      'short p50 / p99 / CPU ms',
      '200 words p50 / p99 / CPU ms',
      'first search ms',
      'load CPU s',
      'slice p99 ms',
      'memory MB',
      'upsert p50 / p99 ms',
    ],
    rows,
  )
}

function print(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  console.log([line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n'))
}

function percent(share) {
  return (100 * share).toFixed(1)
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  defaultStrategy,
  evaluateBundle,
  featureMatrix,
  listBundleFiles,
  openBundle,
  trainedBy,
} from '@routeiq/router'
import { percent, readAmount, readData, readOptions, sha256 } from './routing-options.ts'
import type { Terminal } from './run-routing.ts'

/** `routeiq eval`: what a bundle keeps of quality and saves of cost on rows, with intervals; never one without the other. */
export function evaluate(argv: readonly string[], { stdout, stderr }: Terminal): void {
  const options = readOptions(argv, ['bundle', 'data', 'strategy', 'seed', 'report'], 2)
  const folder = options['bundle'] ?? ''
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  const files = Object.fromEntries(
    ['bundle.json', ...listBundleFiles(read('bundle.json'))].map((name) => [name, read(name)]),
  )
  const { bundle, manifest } = openBundle(files, sha256)
  const { matrix, digest } = readData(options['data'] ?? '')
  if (digest === manifest.data.digest)
    stderr.write('warning: these are the rows the bundle was trained on; they say nothing about others\n')
  if (matrix.models.join('\n') !== bundle.weights.models.join('\n'))
    throw new Error('the rows are about other models than the bundle')
  const strategy = trainedBy(options['strategy'] ?? defaultStrategy) ?? ''
  const report = evaluateBundle(bundle, strategy, featureMatrix(matrix), readAmount(options, 'seed', 0))
  if (options['report'] === 'json') {
    stdout.write(`${JSON.stringify({ bundle_id: manifest.bundle_id, strategy, ...report }, null, 2)}\n`)
    return
  }
  const rows = report.profiles.map(
    ({ profile, quality, quality_ratio, quality_ratio_ci: [low, high], cost_saved, cost_saved_ci }) =>
      `| ${profile} | ${quality.toFixed(3)} | ${percent(quality_ratio)} (${percent(low)} to ${percent(high)}) | ${percent(cost_saved)} (${cost_saved_ci.map(percent).join(' to ')}) |`,
  )
  stdout.write(
    `${manifest.bundle_id}, ${strategy}, on ${report.rows} asks; reference ${report.reference} (${report.reference_quality.toFixed(3)}); AIQ ${report.aiq.toFixed(4)}; calibration error ${report.ece.toFixed(3)}\n\n` +
      `| profile | quality | of the reference's | cost saved |\n|---|---|---|---|\n${rows.join('\n')}\n`,
  )
}

import {
  defaultBundleOptions,
  defaultStrategy,
  evaluateBundle,
  evaluateSeeds,
  type FeaturedMatrix,
  featureMatrix,
  openBundle,
  type Spread,
  trainedBy,
} from '@routeiq/router'
import { readBundleFiles } from '../../process/bundle-files.ts'
import {
  percent,
  RoutingUsageError,
  readAmount,
  readData,
  readJsonMap,
  readOptions,
  sha256,
} from './routing-options.ts'
import type { Terminal } from './run-routing.ts'

const mostSeeds = 100

/**
 * `routeiq eval`: what a bundle keeps of quality and saves of cost on rows, with intervals; never one without the other. With
 * `--seeds` it is its way of training that is measured, on other splits of the rows.
 */
export function evaluate(argv: readonly string[], { stdout, stderr }: Terminal): void {
  const options = readOptions(
    argv,
    ['bundle', 'data', 'strategy', 'seed', 'report', 'seeds', 'args', 'target'],
    2,
  )
  const { bundle, manifest } = openBundle(readBundleFiles(options['bundle'] ?? ''), sha256)
  const { matrix, digest } = readData(options['data'] ?? '')
  if (digest === manifest.data.digest && options['seeds'] === undefined)
    stderr.write('warning: these are the rows the bundle was trained on; they say nothing about others\n')
  if (matrix.models.join('\n') !== bundle.weights.models.join('\n'))
    throw new Error('the rows are about other models than the bundle')
  const strategy = trainedBy(options['strategy'] ?? defaultStrategy) ?? ''
  if (options['seeds'] !== undefined) {
    stdout.write(measureSeeds(options, strategy, featureMatrix(matrix), digest))
    return
  }
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

/** The figures of bundles that are trained for it, one for each seed. */
function measureSeeds(
  options: Readonly<Record<string, string>>,
  strategy: string,
  featured: FeaturedMatrix,
  digest: string,
): string {
  const seeds = readAmount(options, 'seeds', 5)
  if (!Number.isInteger(seeds) || seeds < 1 || seeds > mostSeeds)
    throw new RoutingUsageError(`--seeds needs a whole number from 1 to ${mostSeeds}`)
  const report = evaluateSeeds(featured, strategy, seeds, {
    ...defaultBundleOptions,
    ...{ digest, strategies: [strategy], args: readJsonMap(options, 'args') },
    target: readAmount(options, 'target', defaultBundleOptions.target),
  })
  if (options['report'] === 'json') return `${JSON.stringify({ strategy, ...report }, null, 2)}\n`
  const say = ({ mean, sd, worst }: Spread): string =>
    `${percent(mean)} ± ${percent(sd)}, worst ${percent(worst)}`
  const rows = report.profiles.map(
    ({ profile, quality_ratio, cost_saved }) => `| ${profile} | ${say(quality_ratio)} | ${say(cost_saved)} |`,
  )
  return (
    `${strategy}, trained anew on three quarters of the rows for each of ${seeds} seeds and read on the rest (${report.test_rows.join(', ')} asks); AIQ ${report.aiq.mean.toFixed(4)}; calibration error ${report.ece.mean.toFixed(3)}\n\n` +
    `| profile | quality, of the reference's | cost saved |\n|---|---|---|\n${rows.join('\n')}\n`
  )
}

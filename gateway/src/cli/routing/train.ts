import {
  complexExamples,
  defaultBundleOptions,
  defaultStrategy,
  featureMatrix,
  type OpenedBundle,
  packBundle,
  simpleExamples,
  trainableStrategies,
  trainBundle,
  trainedBy,
} from '@routeiq/router'
import { writeBundleFiles } from '../../process/bundle-files.ts'
import { version } from '../../version.ts'
import { describeCascade } from './describe-cascade.ts'
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

const fewRows = 50
/** Asks of our own, so that a bundle holds nothing of the prompts it was trained on. */
const goldenAsks = [...simpleExamples.slice(0, 10), ...complexExamples.slice(0, 10)]

/** `routeiq train`: a bundle from outcome matrices; the same data, seed and version give the same bundle id. */
export function train(argv: readonly string[], { stdout, stderr }: Terminal): void {
  const options = readOptions(
    argv,
    ['data', 'out', 'strategy', 'args', 'calibrate', 'seed', 'target', 'alpha', 'k'],
    2,
  )
  const strategies = readStrategies(options['strategy'] ?? defaultStrategy)
  const { matrix, digest } = readData(options['data'] ?? '')
  matrix.models.forEach((model, at) => {
    const tried = matrix.rows.filter(({ scores }) => scores[at] !== null).length
    if (tried < fewRows) stderr.write(`warning: ${model} was tried on ${tried} asks only\n`)
  })
  const { ensemble } = defaultBundleOptions
  const seed = readAmount(options, 'seed', 0)
  const bundle = trainBundle(
    featureMatrix(matrix),
    matrix.rows.map((_, at) => at),
    {
      seed,
      digest,
      strategies,
      calibrates: readCalibration(options['calibrate']),
      args: readJsonMap(options, 'args'),
      target: readAmount(options, 'target', 0.99),
      ensemble: {
        ...ensemble,
        alpha: readAmount(options, 'alpha', ensemble.alpha),
        knn: { ...ensemble.knn, neighbours: readAmount(options, 'k', ensemble.knn.neighbours) },
      },
    },
  )
  const files = packBundle(
    bundle,
    { createdAt: new Date().toISOString(), createdBy: `routeiq ${version}`, goldenAsks },
    sha256,
  )
  const out = options['out'] ?? ''
  writeBundleFiles(out, files)
  const manifest = JSON.parse(files['bundle.json'] ?? '{}') as OpenedBundle['manifest']
  stdout.write(
    `${manifest.bundle_id} in ${out}: ${matrix.rows.length} asks, ${matrix.models.length} models\n`,
  )
  const measured = [
    [defaultStrategy, bundle.metrics] as const,
    ...[...bundle.heads].map(([strategy, { metrics }]) => [strategy, metrics] as const),
  ]
  for (const [strategy, { quality_ratio, cost_saved, aiq, ece }] of measured)
    stdout.write(
      `${strategy} by cross-validation, profile auto: ${percent(quality_ratio)} of the best model's quality at ${percent(cost_saved)} lower cost (AIQ ${aiq.toFixed(4)}, calibration error ${ece.toFixed(3)})\n`,
    )
  stdout.write(describeCascade(manifest))
}

function readCalibration(method: string | undefined): boolean {
  if (method === undefined || method === 'none') return false
  if (method === 'isotonic') return true
  throw new RoutingUsageError(`--calibrate is isotonic or none, not ${method}`)
}

/** The strategies of a list, or all that can be trained; aliases become what runs in their place. */
function readStrategies(list: string): readonly string[] {
  if (list === 'all') return [defaultStrategy, ...trainableStrategies]
  const names = list.split(',').map((name) => {
    const strategy = trainedBy(name)
    if (strategy === null)
      throw new RoutingUsageError(
        `${name} cannot be trained; all, or some of ${[defaultStrategy, ...trainableStrategies].join(', ')}`,
      )
    return strategy
  })
  return [...new Set(names)]
}

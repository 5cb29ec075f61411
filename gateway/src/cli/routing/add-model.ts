import { addModel, featureMatrix, openBundle, packBundle } from '@routeiq/router'
import { readBundleFiles, writeBundleFiles } from '../../process/bundle-files.ts'
import { version } from '../../version.ts'
import { readData, readOptions, sha256 } from './routing-options.ts'
import type { Terminal } from './run-routing.ts'

/** `routeiq bundle add`: another bundle, with one more model, from what it made of some fifty asks. */
export function addToBundle(argv: readonly string[], { stdout, stderr }: Terminal): void {
  const options = readOptions(argv, ['bundle', 'data', 'model', 'out'], 4)
  const { model = '', out = '' } = options
  const { manifest, bundle } = openBundle(readBundleFiles(options['bundle'] ?? ''), sha256)
  const { matrix, digest } = readData(options['data'] ?? '')
  const { bundle: enlarged, dropped } = addModel(bundle, featureMatrix(matrix), model)
  const files = packBundle(
    { ...enlarged, data: { ...bundle.data, digest: sha256(`${bundle.data.digest}${digest}`) } },
    {
      createdAt: new Date().toISOString(),
      createdBy: `routeiq ${version}`,
      goldenAsks: manifest.golden.map(({ text }) => text),
      parent: manifest.bundle_id,
    },
    sha256,
  )
  writeBundleFiles(out, files)
  const { bundle_id: id, models } = JSON.parse(files['bundle.json'] ?? '{}') as typeof manifest
  const added = models.at(-1)
  stdout.write(
    `${id} in ${out}: ${manifest.bundle_id} and ${model}, mean quality ${added?.mean_quality.toFixed(3)} at ${added?.mean_cost.toPrecision(3)} USD\n`,
  )
  if (dropped.length > 0)
    stderr.write(`warning: without ${dropped.join(', ')}, which need training with all models\n`)
}

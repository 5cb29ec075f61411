import { openEnsemble, openHead } from '../bundle/open-ensemble.ts'
import { createPoint, project } from '../features/feature-space.ts'
import { FeatureExtractor, featureSpec } from '../features/features.ts'
import { hashedSize } from '../features/hash-tokens.ts'
import { plainShape, structuredSize } from '../features/structured.ts'
import { type PartShares, type Predictor, usualShares } from '../scoring/ensemble.ts'
import { canonicalJson } from './canonical-json.ts'
import { decodeHead, encodeHead, headFileName } from './head-files.ts'
import { decodeMatrix, encodeMatrix } from './matrix.ts'
import type { RowName, TrainedBundle, TrainedCascade, TrainedHead } from './trained-bundle.ts'

const format = 'routeiq.bundle/1'
const mostBytes = 64 * 1024 * 1024
const goldenTolerance = 1e-4
const contentName = 'ensemble.json'
const manifestName = 'bundle.json'
const rowsName = 'rows.json'
const rowNamesName = 'row-names.json'

/** File name → text. */
export type BundleFiles = Readonly<Record<string, string>>

/** Hex of SHA-256 over UTF-8. */
export type Sha256 = (text: string) => string

/** Who vouches for a bundle. */
interface BundleSignature {
  readonly alg: string
  readonly key_id: string
  /** Base64. */
  readonly sig: string
}

/** The agreement cascade: on disagreement, or where it is expected to gain more than `least_gain`, `strong` is asked. */
interface ManifestCascade {
  readonly first: string
  readonly second: string
  readonly strong: string
  readonly least_gain: number
  readonly agreed: number
  readonly val_ratio: number
  readonly val_saved: number
}

/** What `bundle.json` says. */
export interface BundleManifest {
  readonly format: string
  readonly bundle_id: string
  readonly version: string
  readonly strategy: string
  readonly feature_spec: string
  readonly models: readonly {
    readonly name: string
    readonly aliases: readonly string[]
    readonly mean_quality: number
    readonly mean_cost: number
  }[]
  readonly cost_ref_usd: number
  readonly profiles: TrainedBundle['profiles']
  readonly domains: readonly string[]
  readonly novelty: { readonly tau: number }
  /** By names of models; null or absent without one. */
  readonly cascade?: ManifestCascade | null
  readonly data: TrainedBundle['data']
  readonly metrics: TrainedBundle['metrics']
  /** How far below the best model every λ fell on unseen rows; what `mode: guarantee` goes by. */
  readonly guarantee: TrainedBundle['shortfalls']
  readonly golden: readonly { readonly text: string; readonly q: readonly number[] }[]
  /** The strategies beside the default, each with a file of its own; `golden` are its estimates of the same asks. */
  readonly heads: readonly {
    readonly strategy: string
    readonly profiles: TrainedHead['profiles']
    readonly metrics: TrainedHead['metrics']
    readonly guarantee: TrainedHead['shortfalls']
    readonly golden: readonly (readonly number[])[]
  }[]
  readonly files: readonly { readonly name: string; readonly sha256: string; readonly bytes: number }[]
  readonly created_at: string
  readonly created_by: string
  /** The bundle it was made from; absent where it was trained. */
  readonly parent?: string
  readonly signature?: BundleSignature
}

/** What is written beside the weights. */
export interface BundleStamp {
  readonly createdAt: string
  readonly createdBy: string
  /** Asks whose estimates are written down, to be compared when the bundle is opened. */
  readonly goldenAsks: readonly string[]
  /** The bundle it was made from; absent where it was trained. */
  readonly parent?: string
}

/** What a signature of a bundle is over: all of its manifest but the signature, in canonical JSON. */
export function signedText({ signature: _signature, ...manifest }: BundleManifest): string {
  return canonicalJson(manifest)
}

/** The files of a bundle. The same training gives the same bytes, but for `created_at`. */
export function packBundle(bundle: TrainedBundle, stamp: BundleStamp, sha256: Sha256): BundleFiles {
  const { weights, heads } = bundle
  const contents: BundleFiles = {
    [contentName]: canonicalJson(encode(bundle)),
    ...(bundle.rows === null
      ? {}
      : { [rowsName]: encodeHead(bundle.rows), [rowNamesName]: canonicalJson(bundle.rowNames) }),
    ...Object.fromEntries(
      [...heads].map(([strategy, head]) => [headFileName(strategy), encodeHead(head.weights)]),
    ),
  }
  const body = {
    format,
    version: '1',
    strategy: bundle.strategy,
    feature_spec: featureSpec,
    models: weights.models.map((name, at) => ({
      name,
      aliases: [],
      mean_quality: weights.meanScores[at] ?? 0,
      mean_cost: weights.meanCosts[at] ?? 0,
    })),
    cost_ref_usd: bundle.costRefUsd,
    profiles: bundle.profiles,
    domains: weights.domains,
    novelty: { tau: bundle.noveltyThreshold },
    cascade: nameCascade(bundle),
    data: bundle.data,
    metrics: bundle.metrics,
    guarantee: bundle.shortfalls,
    golden: estimateAll(openEnsemble(bundle), stamp.goldenAsks).map((q, at) => ({
      text: stamp.goldenAsks[at] ?? '',
      q,
    })),
    heads: [...heads].map(([strategy, { profiles, metrics, shortfalls }]) => ({
      ...{ strategy, profiles, metrics, guarantee: shortfalls },
      golden: estimateAll(openHead(bundle, strategy), stamp.goldenAsks),
    })),
    files: Object.entries(contents).map(([name, content]) => ({
      name,
      sha256: sha256(content),
      bytes: content.length,
    })),
    created_by: stamp.createdBy,
    ...(stamp.parent === undefined ? {} : { parent: stamp.parent }),
  }
  const manifest: BundleManifest = {
    ...body,
    bundle_id: idOf(body, sha256),
    created_at: stamp.createdAt,
  }
  return { [manifestName]: `${JSON.stringify(manifest, null, 2)}\n`, ...contents }
}

function nameCascade({ cascade, weights: { models } }: TrainedBundle): ManifestCascade | null {
  if (cascade === null) return null
  const nameOf = (column: number): string => models[column] ?? ''
  return {
    first: nameOf(cascade.first),
    second: nameOf(cascade.second),
    strong: nameOf(cascade.strong),
    least_gain: cascade.leastGain,
    agreed: cascade.agreed,
    val_ratio: cascade.ratio,
    val_saved: cascade.saved,
  }
}

function readCascade(cascade: BundleManifest['cascade'], models: readonly string[]): TrainedCascade | null {
  if (cascade === undefined || cascade === null) return null
  const columnOf = (name: string): number => {
    const column = models.indexOf(name)
    if (column < 0) throw new Error(`the cascade names ${name}, which is no model of the bundle`)
    return column
  }
  const { least_gain: leastGain, agreed, val_ratio: ratio, val_saved: saved } = cascade
  if (![leastGain, agreed, ratio, saved].every(Number.isFinite)) throw new Error('cascade holds what is no number')
  return {
    first: columnOf(cascade.first),
    second: columnOf(cascade.second),
    strong: columnOf(cascade.strong),
    ...{ leastGain, agreed, ratio, saved },
  }
}

export interface OpenedBundle {
  readonly manifest: BundleManifest
  readonly bundle: TrainedBundle
}

/**
 * Reads a bundle back. Errors: throws what does not fit: format, digest, shape, a number that is not finite, or estimates
 * that are not those written down.
 */
export function openBundle(files: BundleFiles, sha256: Sha256): OpenedBundle {
  const manifest = readManifest(files[manifestName])
  const { bundle_id: id, created_at: _created, signature: _signature, ...body } = manifest
  if (idOf(body, sha256) !== id) throw new Error(`bundle.json was changed: its id is not ${id}`)
  const read = (name: string): string => readContent(files, manifest, name, sha256)
  if (manifest.files.reduce((sum, { bytes }) => sum + bytes, 0) > mostBytes)
    throw new Error('the bundle is larger than 64 MiB')
  const shared = decode(JSON.parse(read(contentName)) as Encoded, manifest)
  const heads = new Map(
    (manifest.heads ?? []).map(({ strategy, profiles, metrics, guarantee }) => [
      strategy,
      { weights: decodeHead(read(headFileName(strategy))), profiles, metrics, shortfalls: guarantee },
    ]),
  )
  const hasRows = manifest.files.some(({ name }) => name === rowsName)
  const bundle = {
    ...shared,
    rows: hasRows ? decodeHead(read(rowsName)) : null,
    rowNames: hasRows ? (JSON.parse(read(rowNamesName)) as RowName[]) : null,
    heads,
  }
  const texts = manifest.golden.map(({ text }) => text)
  const check = (predictor: Predictor, written: readonly (readonly number[])[]): void =>
    estimateAll(predictor, texts).forEach((found, at) => {
      compareGolden(found, written[at] ?? [], texts[at] ?? '')
    })
  check(
    openEnsemble(bundle),
    manifest.golden.map(({ q }) => q),
  )
  for (const { strategy, golden } of manifest.heads ?? []) check(openHead(bundle, strategy), golden)
  return { manifest, bundle }
}

/** The names of the files that `bundle.json` lists. Errors: throws when it is none, or names something outside of its folder. */
export function listBundleFiles(manifestText: string): readonly string[] {
  const { files } = readManifest(manifestText)
  const names = Array.isArray(files) ? files.map(({ name }) => name) : []
  const odd = names.find((name) => typeof name !== 'string' || !/^[a-z0-9-]{1,64}\.json$/.test(name))
  if (odd !== undefined) throw new Error(`bundle.json lists ${JSON.stringify(odd)}, which is no file of a bundle`)
  return names
}

function readContent(files: BundleFiles, manifest: BundleManifest, name: string, sha256: Sha256): string {
  const listed = manifest.files.find((file) => file.name === name)
  const content = files[name]
  if (listed === undefined || content === undefined) throw new Error(`the bundle lacks ${name}`)
  if (content.length > mostBytes) throw new Error('the bundle is larger than 64 MiB')
  if (sha256(content) !== listed.sha256) throw new Error(`${name} does not have the digest of bundle.json`)
  return content
}

function readManifest(text: string | undefined): BundleManifest {
  if (text === undefined) throw new Error('there is no bundle.json')
  const manifest = JSON.parse(text) as BundleManifest
  if (manifest.format !== format) throw new Error(`the format is ${String(manifest.format)}, not ${format}`)
  if (manifest.feature_spec !== featureSpec)
    throw new Error(`the bundle is made for features ${String(manifest.feature_spec)}, this version has ${featureSpec}`)
  return manifest
}

function idOf(body: object, sha256: Sha256): string {
  return `rb_${sha256(canonicalJson(body)).slice(0, 16)}`
}

type Encoded = ReturnType<typeof encode>

function encode({ weights, clusters, outputTokens }: TrainedBundle) {
  const width = weights.models.length
  const domains = weights.domains.length
  const rows = hashedSize + structuredSize + 1
  const byModel = (values: ArrayLike<number>) => encodeMatrix(values, [width])
  const byDomain = (values: ArrayLike<number>) => encodeMatrix(values, [domains, width])
  return {
    idf: encodeMatrix(weights.space.idf, [hashedSize]),
    mean: encodeMatrix(weights.space.mean, [structuredSize]),
    inverse_spread: encodeMatrix(weights.space.inverseSpread, [structuredSize]),
    columns: encodeMatrix(weights.columns, [rows, weights.columns.length / rows]),
    domain_shares: encodeMatrix(weights.domainShares, [domains]),
    domain_scores: byDomain(weights.domainScores),
    domain_costs: byDomain(weights.domainCosts),
    output_tokens: outputTokens === null ? null : byDomain(outputTokens),
    mean_scores: byModel(weights.meanScores),
    mean_costs: byModel(weights.meanCosts),
    mean_ln_costs: weights.meanLnCosts === null ? null : byModel(weights.meanLnCosts),
    shares: weights.shares,
    calibration: weights.calibration,
    cluster_starts: [...clusters.starts],
    cluster_ids: [...clusters.clusters],
    cluster_values: encodeMatrix(clusters.values, [clusters.values.length]),
    cluster_scores: encodeMatrix(clusters.scores, [clusters.count, width]),
    cluster_costs: encodeMatrix(clusters.costs, [clusters.count, width]),
    cluster_sizes: encodeMatrix(clusters.sizes, [clusters.count]),
  }
}

function decode(encoded: Encoded, manifest: BundleManifest): Omit<TrainedBundle, 'heads' | 'rows' | 'rowNames'> {
  const models = manifest.models.map(({ name }) => name)
  const { domains } = manifest
  const rows = hashedSize + structuredSize + 1
  const read = (name: keyof Encoded, shape: readonly number[]): Float32Array =>
    decodeMatrix(encoded[name], shape, name)
  const wide = (name: keyof Encoded, shape: readonly number[]): Float64Array =>
    Float64Array.from(read(name, shape))
  const width = models.length
  const regressions = encoded.mean_ln_costs === null ? 1 : 2
  const count = encoded.cluster_sizes.shape[0] ?? 0
  const entries = encoded.cluster_ids.length
  const starts = Int32Array.from(encoded.cluster_starts)
  if (starts.length !== hashedSize + 1 || starts[hashedSize] !== entries)
    throw new Error('cluster_starts does not fit cluster_ids')
  if (encoded.cluster_ids.some((id) => !(id >= 0 && id < count)))
    throw new Error('cluster_ids names a cluster that is not there')
  return {
    strategy: manifest.strategy,
    weights: {
      models,
      domains,
      space: {
        idf: wide('idf', [hashedSize]),
        mean: wide('mean', [structuredSize]),
        inverseSpread: wide('inverse_spread', [structuredSize]),
      },
      columns: read('columns', [rows, regressions * width + domains.length]),
      domainShares: wide('domain_shares', [domains.length]),
      domainScores: wide('domain_scores', [domains.length, width]),
      domainCosts: wide('domain_costs', [domains.length, width]),
      meanScores: wide('mean_scores', [width]),
      meanCosts: wide('mean_costs', [width]),
      shares: readShares(encoded),
      calibration: readCalibration(encoded.calibration, width),
      meanLnCosts: encoded.mean_ln_costs === null ? null : wide('mean_ln_costs', [width]),
    },
    clusters: {
      starts,
      clusters: Uint16Array.from(encoded.cluster_ids),
      values: read('cluster_values', [entries]),
      count,
      scores: read('cluster_scores', [count, width]),
      costs: read('cluster_costs', [count, width]),
      sizes: read('cluster_sizes', [count]),
    },
    cascade: readCascade(manifest.cascade, models),
    outputTokens: encoded.output_tokens === null ? null : wide('output_tokens', [domains.length, width]),
    costRefUsd: manifest.cost_ref_usd,
    profiles: manifest.profiles,
    noveltyThreshold: manifest.novelty.tau,
    metrics: manifest.metrics,
    shortfalls: manifest.guarantee,
    data: manifest.data,
  }
}

/** Bundles used to have one factor, the slope, on the four predictions in equal parts. */
function readShares(encoded: { readonly shares?: PartShares; readonly slope?: number }): PartShares {
  const { domain, knn, ridge } = usualShares
  const slope = encoded.slope ?? 1
  const shares = encoded.shares ?? { domain: slope * domain, knn: slope * knn, ridge: slope * ridge }
  if ([shares.domain, shares.knn, shares.ridge].every((share) => Number.isFinite(share) && share >= 0)) return shares
  throw new Error('shares are not numbers of 0 or more')
}

function readCalibration(value: Encoded['calibration'], width: number): Encoded['calibration'] {
  if (value === null) return null
  const isAscending = (numbers: readonly number[]): boolean =>
    numbers.every((number, at) => Number.isFinite(number) && number >= (numbers[at - 1] ?? number))
  const isSound =
    value.length === width &&
    value.every(({ x, y }) => x.length === y.length && isAscending(x) && isAscending(y))
  if (!isSound) throw new Error('calibration does not rise, or is not one curve a model')
  return value
}

function estimateAll(predictor: Predictor, texts: readonly string[]): readonly number[][] {
  const extractor = new FeatureExtractor()
  const point = createPoint()
  return texts.map((text) => {
    project(extractor.extract(text, plainShape), predictor.weights.space, point)
    return [...predictor.predict(point).quality]
  })
}

function compareGolden(found: readonly number[], written: readonly number[], text: string): void {
  const differs = written.some((value, at) => !(Math.abs(value - (found[at] ?? Number.NaN)) < goldenTolerance))
  if (differs || written.length !== found.length)
    throw new Error(`the estimates for ${JSON.stringify(text.slice(0, 60))} are not those the bundle was made with`)
}

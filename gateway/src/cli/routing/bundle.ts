import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type OpenedBundle, openBundle, profiles, signedText } from '@routeiq/router'
import { manifestName, readBundleFiles, writeBundleFiles } from '../../process/bundle-files.ts'
import { addToBundle } from './add-model.ts'
import { describeCascade } from './describe-cascade.ts'
import { percent, RoutingUsageError, readOptions, sha256 } from './routing-options.ts'
import type { Terminal } from './run-routing.ts'

/** `routeiq bundle sign|verify|inspect|diff|pack|add`: who vouches for a bundle, what is in it, what is different in another; as one file; with a model more. */
export function bundle(argv: readonly string[], terminal: Terminal): void {
  const { stdout } = terminal
  const [action = '', ...rest] = argv
  if (action === 'add') {
    addToBundle(rest, terminal)
    return
  }
  if (!['sign', 'verify', 'inspect', 'diff', 'pack'].includes(action))
    throw new RoutingUsageError(
      `bundle takes sign, verify, inspect, diff, pack or add, not ${action || 'nothing'}`,
    )
  if (action === 'diff' || action === 'pack') {
    const { bundle: before = '', with: after = '' } = readOptions(rest, ['bundle', 'with'], 2)
    if (action === 'diff') diff(open(before), open(after), stdout)
    else pack(before, after, stdout)
    return
  }
  const options = readOptions(rest, ['bundle', 'key'], action === 'inspect' ? 1 : 2)
  const folder = options['bundle'] ?? ''
  const manifest = open(folder)
  if (action === 'sign') signBundle(folder, manifest, options['key'] ?? '', stdout)
  else if (action === 'verify') verifyBundle(manifest, options['key'] ?? '', stdout)
  else inspect(manifest, stdout)
}

/** The bundle's manifest, after everything in it was checked. */
function open(place: string): OpenedBundle['manifest'] {
  return openBundle(readBundleFiles(place), sha256).manifest
}

/** The same bundle in another place: as one file, or as a folder. */
function pack(from: string, to: string, stdout: Terminal['stdout']): void {
  const manifest = open(from)
  writeBundleFiles(to, readBundleFiles(from))
  stdout.write(`${manifest.bundle_id} in ${to}\n`)
}

function signBundle(
  folder: string,
  manifest: OpenedBundle['manifest'],
  keyFile: string,
  stdout: Terminal['stdout'],
): void {
  const key = requireEd25519(createPrivateKey(readFileSync(keyFile)), keyFile)
  const signature = {
    alg: 'ed25519',
    key_id: idOf(createPublicKey(key)),
    sig: sign(null, Buffer.from(signedText(manifest)), key).toString('base64'),
  }
  const signed = `${JSON.stringify({ ...manifest, signature }, null, 2)}\n`
  writeBundleFiles(folder, { ...readBundleFiles(folder), [manifestName]: signed })
  stdout.write(`${manifest.bundle_id} signed by ${signature.key_id}\n`)
}

function verifyBundle(manifest: OpenedBundle['manifest'], keyFile: string, stdout: Terminal['stdout']): void {
  const key = requireEd25519(createPublicKey(readFileSync(keyFile)), keyFile)
  const { signature } = manifest
  if (signature === undefined) throw new Error('the bundle is not signed')
  if (!verify(null, Buffer.from(signedText(manifest)), key, Buffer.from(signature.sig, 'base64')))
    throw new Error(`the bundle is signed by ${signature.key_id}, not by this key, or was changed since`)
  stdout.write(`${manifest.bundle_id} is signed by ${signature.key_id}\n`)
}

function inspect(manifest: OpenedBundle['manifest'], stdout: Terminal['stdout']): void {
  const { quality_ratio, cost_saved, aiq, ece } = manifest.metrics
  const lines = [
    `${manifest.bundle_id} of ${manifest.created_at}, ${manifest.created_by}`,
    `signed: ${manifest.signature?.key_id ?? 'no'}`,
    `models: ${manifest.models.map(({ name }) => name).join(', ')}`,
    `domains: ${manifest.domains.join(', ')}`,
    `profile auto: ${percent(quality_ratio)} of the best model's quality at ${percent(cost_saved)} lower cost (AIQ ${aiq.toFixed(4)}, calibration error ${ece.toFixed(3)})`,
  ]
  stdout.write(`${lines.join('\n')}\n${describeCascade(manifest)}`)
}

/** One line for each thing that is not the same. */
function diff(before: Manifest, after: Manifest, stdout: Terminal['stdout']): void {
  const names = ({ models }: Manifest): readonly string[] => models.map(({ name }) => name)
  const without = (one: readonly string[], other: readonly string[]): readonly string[] =>
    one.filter((item) => !other.includes(item))
  const changes = [
    describeChange('strategy', before.strategy, after.strategy),
    ...without(names(after), names(before)).map((name) => `+ model ${name}`),
    ...without(names(before), names(after)).map((name) => `- model ${name}`),
    ...without(after.domains, before.domains).map((domain) => `+ domain ${domain}`),
    ...without(before.domains, after.domains).map((domain) => `- domain ${domain}`),
    ...profiles.map((profile) =>
      describeChange(`λ of ${profile}`, before.profiles[profile]?.lambda, after.profiles[profile]?.lambda),
    ),
    ...(['quality_ratio', 'cost_saved', 'aiq', 'ece'] as const).map((metric) =>
      describeChange(metric, before.metrics[metric], after.metrics[metric]),
    ),
    describeChange('rows of training', before.data.rows, after.data.rows),
    describeChange('signed by', before.signature?.key_id, after.signature?.key_id),
  ].filter((line) => line !== null)
  const head = `${before.bundle_id} → ${after.bundle_id}`
  stdout.write(`${[head, ...(changes.length === 0 ? ['no difference'] : changes)].join('\n')}\n`)
}

type Manifest = OpenedBundle['manifest']

/** Null when both are the same. */
function describeChange(name: string, before: Shown, after: Shown): string | null {
  return before === after ? null : `${name}: ${show(before)} → ${show(after)}`
}

type Shown = string | number | undefined

function show(value: Shown): string {
  if (value === undefined) return 'none'
  return typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(4) : String(value)
}

function requireEd25519(key: KeyObject, file: string): KeyObject {
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`${file} holds no Ed25519 key`)
  return key
}

/** The first sixteen hex digits of SHA-256 of the public key. */
function idOf(key: KeyObject): string {
  const der = key.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(der).digest('hex').slice(0, 16)
}

import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listBundleFiles, type OpenedBundle, openBundle, signedText } from '@routeiq/router'
import { percent, RoutingUsageError, readOptions, sha256 } from './routing-options.ts'
import type { Terminal } from './run-routing.ts'

const manifestName = 'bundle.json'

/** `routeiq bundle sign|verify|inspect`: who vouches for a bundle, and what is in it. */
export function bundle(argv: readonly string[], { stdout }: Terminal): void {
  const [action = '', ...rest] = argv
  if (!['sign', 'verify', 'inspect'].includes(action))
    throw new RoutingUsageError(`bundle takes sign, verify or inspect, not ${action || 'nothing'}`)
  const options = readOptions(rest, ['bundle', 'key'], action === 'inspect' ? 1 : 2)
  const folder = options['bundle'] ?? ''
  const manifest = open(folder)
  if (action === 'sign') signBundle(folder, manifest, options['key'] ?? '', stdout)
  else if (action === 'verify') verifyBundle(manifest, options['key'] ?? '', stdout)
  else inspect(manifest, stdout)
}

/** The bundle's manifest, after everything in it was checked. */
function open(folder: string): OpenedBundle['manifest'] {
  const text = readFileSync(join(folder, manifestName), 'utf8')
  const files = listBundleFiles(text).map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const)
  return openBundle({ ...Object.fromEntries(files), [manifestName]: text }, sha256).manifest
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
  writeFileSync(join(folder, manifestName), `${JSON.stringify({ ...manifest, signature }, null, 2)}\n`)
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
  stdout.write(`${lines.join('\n')}\n`)
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

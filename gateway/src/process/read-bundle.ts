import { createHash, createPublicKey, verify } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { listBundleFiles, type OpenedBundle, openBundle, signedText } from '@routeiq/router'
import type { ShelvedBundle } from '../model-routing/bundles/bundle-shelf.ts'

const manifestName = 'bundle.json'
const mostBytes = 64 * 1024 * 1024

/**
 * Reads the bundle of a folder. With trusted keys (PEM, Ed25519) it must be signed by one of them. Errors: throws what is missing,
 * too large, changed, not signed or does not fit.
 */
export function readBundle(folder: string, trustedKeys: readonly string[]): OpenedBundle {
  const manifest = readText(join(folder, manifestName))
  const files = listBundleFiles(manifest).map((name) => [name, readText(join(folder, name))] as const)
  const opened = openBundle({ ...Object.fromEntries(files), [manifestName]: manifest }, (text) =>
    createHash('sha256').update(text).digest('hex'),
  )
  if (trustedKeys.length > 0) requireSignature(opened.manifest, trustedKeys)
  return opened
}

/** The folders under one that hold bundles, or something that should be one. */
export function scanBundles(folder: string | null): readonly ShelvedBundle[] {
  if (folder === null || !existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, manifestName)))
    .map(({ name }) => describeFolder(join(folder, name)))
}

function describeFolder(folder: string): ShelvedBundle {
  try {
    const manifest = JSON.parse(readText(join(folder, manifestName))) as OpenedBundle['manifest']
    if (typeof manifest.bundle_id === 'string') return { folder, manifest, problem: null }
    return { folder, manifest: null, problem: 'bundle.json has no bundle_id' }
  } catch (error) {
    return { folder, manifest: null, problem: (error as Error).message }
  }
}

function requireSignature(manifest: OpenedBundle['manifest'], trustedKeys: readonly string[]): void {
  const { signature } = manifest
  if (signature === undefined)
    throw new Error('the bundle is not signed, and only signed ones are trusted here')
  if (signature.alg !== 'ed25519') throw new Error(`the signature is of ${signature.alg}, not ed25519`)
  const text = Buffer.from(signedText(manifest))
  const sig = Buffer.from(signature.sig, 'base64')
  if (!trustedKeys.some((key) => verify(null, text, createPublicKey(key), sig)))
    throw new Error(
      `the bundle is signed by ${signature.key_id}, which is no trusted key, or was changed since`,
    )
}

function readText(path: string): string {
  if (statSync(path).size > mostBytes) throw new Error(`${path} is larger than 64 MiB`)
  return readFileSync(path, 'utf8')
}

import { createHash, createPublicKey, verify } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type OpenedBundle, openBundle, signedText } from '@routeiq/router'
import type { ShelvedBundle } from '../model-routing/bundles/bundle-shelf.ts'
import { isPacked, manifestName, readBundleFiles, readManifest } from './bundle-files.ts'

/**
 * Reads the bundle of a folder, or of one `.rqb` file. With trusted keys (PEM, Ed25519) it must be signed by one of them. Errors: throws what is missing,
 * too large, changed, not signed or does not fit.
 */
export function readBundle(place: string, trustedKeys: readonly string[]): OpenedBundle {
  const opened = openBundle(readBundleFiles(place), (text) => createHash('sha256').update(text).digest('hex'))
  if (trustedKeys.length > 0) requireSignature(opened.manifest, trustedKeys)
  return opened
}

/** The folders and files of a folder that are bundles, or should be. */
export function scanBundles(folder: string | null): readonly ShelvedBundle[] {
  if (folder === null || !existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) =>
      entry.isDirectory() ? existsSync(join(folder, entry.name, manifestName)) : isPacked(entry.name),
    )
    .map(({ name }) => describeBundle(join(folder, name)))
}

function describeBundle(folder: string): ShelvedBundle {
  try {
    const manifest = JSON.parse(readManifest(folder)) as OpenedBundle['manifest']
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

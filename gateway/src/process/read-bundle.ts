import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { listBundleFiles, type OpenedBundle, openBundle } from '@routeiq/router'

const manifestName = 'bundle.json'
const mostBytes = 64 * 1024 * 1024

/** Reads the bundle of a folder. Errors: throws what is missing, too large, changed or does not fit. */
export function readBundle(folder: string): OpenedBundle {
  const manifest = readText(join(folder, manifestName))
  const files = listBundleFiles(manifest).map((name) => [name, readText(join(folder, name))] as const)
  return openBundle({ ...Object.fromEntries(files), [manifestName]: manifest }, (text) =>
    createHash('sha256').update(text).digest('hex'),
  )
}

function readText(path: string): string {
  if (statSync(path).size > mostBytes) throw new Error(`${path} is larger than 64 MiB`)
  return readFileSync(path, 'utf8')
}

import { lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { listBundleFiles } from '@routeiq/router'
import { unzipSync, type Zippable, zipSync } from 'fflate'

export const manifestName = 'bundle.json'
const mostBytes = 64 * 1024 * 1024
/** The first day a zip can name, so that the same files give the same bytes. */
const undated = new Date(1980, 0, 1)

/** Texts by name. */
export type BundleTexts = Readonly<Record<string, string>>

/** Whether a path names a bundle in one file. */
export function isPacked(place: string): boolean {
  return place.endsWith('.rqb')
}

/**
 * The files of a bundle: of a folder, or of one `.rqb` file, a zip of the same. What the manifest does not list is left alone.
 * Errors: throws what is missing, too large or no bundle.
 */
export function readBundleFiles(place: string): BundleTexts {
  const read = isPacked(place) ? unpack(place) : (name: string) => readText(join(place, name))
  const manifest = read(manifestName)
  const files = listBundleFiles(manifest).map((name) => [name, read(name)] as const)
  return { ...Object.fromEntries(files), [manifestName]: manifest }
}

/** The manifest alone. */
export function readManifest(place: string): string {
  return isPacked(place) ? unpack(place)(manifestName) : readText(join(place, manifestName))
}

export function writeBundleFiles(place: string, files: BundleTexts): void {
  if (isPacked(place)) {
    const sorted = Object.entries(files).sort(([one], [other]) => (one < other ? -1 : 1))
    const entries: Zippable = {}
    for (const [name, text] of sorted) entries[name] = [Buffer.from(text), { mtime: undated }]
    writeFileSync(place, zipSync(entries))
    return
  }
  mkdirSync(place, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), text)
}

/** Only plain names at the top are looked at, and sizes are added up before anything is unpacked. */
function unpack(place: string): (name: string) => string {
  if (lstatSync(place).size > mostBytes) throw tooLarge(place)
  let bytes = 0
  const isWanted = ({ name, originalSize }: { name: string; originalSize: number }): boolean => {
    if (name !== basename(name)) return false
    bytes += originalSize
    if (bytes > mostBytes) throw tooLarge(place)
    return true
  }
  const entries = unzipSync(readFileSync(place), { filter: isWanted })
  return (name) => {
    const content = entries[name]
    if (content === undefined) throw new Error(`${place} holds no ${name}`)
    return Buffer.from(content).toString('utf8')
  }
}

function readText(path: string): string {
  if (statSync(path).size > mostBytes) throw tooLarge(path)
  return readFileSync(path, 'utf8')
}

function tooLarge(path: string): Error {
  return new Error(`${path} is larger than 64 MiB`)
}

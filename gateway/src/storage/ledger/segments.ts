import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isOwned } from '../owner-claim.ts'

/*
 * Files of the journal directory:
 *   spend-<instance>-<sequence>.open    being written by the instance
 *   spend-<instance>-<sequence>.jsonl   sealed: complete, any process may take it into the database
 *   spend-<instance>.owner              names the process that writes the open segment
 */
const segmentName = /^spend-([0-9a-f]{16})-(\d{8})\.(open|jsonl)$/

export const sealedSuffix = '.jsonl'
export const openSuffix = '.open'
const ownerSuffix = '.owner'
const filesAtOnce = 64

export function segmentPath(directory: string, instance: string, sequence: number, suffix: string): string {
  return join(directory, `spend-${instance}-${String(sequence).padStart(8, '0')}${suffix}`)
}

export function ownerPath(directory: string, instance: string): string {
  return join(directory, `spend-${instance}${ownerSuffix}`)
}

export interface SegmentFile {
  /** The name without suffix; entry ids start with it. */
  readonly id: string
  readonly path: string
  readonly bytes: number
}

/** Segments ready to be taken, oldest first: sealed ones, and open ones whose writer is dead. */
export async function listReadySegments(directory: string): Promise<SegmentFile[]> {
  const found = await lookAtEach(await readdir(directory), (name) => inspect(directory, name))
  return found
    .filter((segment) => segment !== null)
    .sort((left, right) => left.modified - right.modified || (left.id < right.id ? -1 : 1))
}

async function inspect(
  directory: string,
  name: string,
): Promise<(SegmentFile & { modified: number }) | null> {
  const [, instance, sequence, kind] = segmentName.exec(name) ?? []
  if (instance === undefined || (kind === 'open' && isOwned(ownerPath(directory, instance)))) return null
  const path = join(directory, name)
  try {
    const { size, mtimeMs } = await stat(path)
    return { id: `${instance}-${sequence}`, path, bytes: size, modified: mtimeMs }
  } catch {
    // Taken by another process in the meantime.
    return null
  }
}

/** Bytes of all segments in the directory, whoever writes them. */
export async function measureSegments(directory: string): Promise<number> {
  const names = (await readdir(directory)).filter((name) => segmentName.test(name))
  const sizes = await lookAtEach(names, (name) =>
    stat(join(directory, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** A few at a time: after a long outage there are thousands of files, and asking for all holds the event loop up. */
async function lookAtEach<Seen>(
  names: readonly string[],
  look: (name: string) => Promise<Seen>,
): Promise<Seen[]> {
  const seen: Seen[] = []
  for (let start = 0; start < names.length; start += filesAtOnce)
    seen.push(...(await Promise.all(names.slice(start, start + filesAtOnce).map(look))))
  return seen
}

/** Removes the owner files of dead processes that left no open segment behind. */
export async function removeDeadOwners(directory: string): Promise<void> {
  const names = await readdir(directory)
  const writing = new Set(names.filter((name) => name.endsWith(openSuffix)).map(instanceOf))
  for (const name of names) {
    const path = join(directory, name)
    if (name.endsWith(ownerSuffix) && !writing.has(instanceOf(name)) && !isOwned(path))
      await rm(path, { force: true })
  }
}

const instanceOf = (name: string): string => name.slice('spend-'.length, 'spend-'.length + 16)

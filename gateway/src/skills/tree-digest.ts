import { createHash } from 'node:crypto'

export interface TreeEntry {
  readonly path: string
  /** SHA-256 hex of the bytes. */
  readonly digest: string
  readonly sizeBytes: number
}

/** SHA-256 hex over the lines `path NUL size NUL digest LF` of all files, in the order of their UTF-8 paths. */
export function digestTree(entries: readonly TreeEntry[]): string {
  const hash = createHash('sha256')
  for (const { path, digest, sizeBytes } of sortByPath(entries))
    hash.update(`${path}\0${sizeBytes}\0${digest}\n`)
  return hash.digest('hex')
}

/** By the bytes of their paths; UTF-16 order differs beyond the basic plane. */
export function sortByPath<Entry extends { readonly path: string }>(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
}

/** SHA-256 hex of text (as UTF-8) or bytes. */
export function digestContent(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

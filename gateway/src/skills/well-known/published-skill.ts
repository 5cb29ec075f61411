/** A file that anybody may read. */
export interface PublishedFile {
  /** Below the skill's directory, `/`-separated. */
  readonly path: string
  readonly sizeBytes: number
  readonly isExecutable: boolean
  /** Another one when the bytes may be others; the same stamp at the same path means the same bytes. */
  readonly stamp: string
  /** The bytes, in pieces; null when they are no longer those that were listed. */
  open(): Promise<AsyncIterable<Uint8Array> | null>
}

/** A skill that anybody may find. */
export interface PublishedSkill {
  readonly name: string
  readonly description: string
  /** Sorted by path, `SKILL.md` included. */
  readonly files: readonly PublishedFile[]
  /** Changes when any of its files does. */
  readonly stamp: string
  /** Of a skill of the store; null for one of the folder. */
  readonly versionId: string | null
}

type SourceName = 'dir' | 'store'

/** A skill that is left out, for admins. */
export interface OmittedSkill {
  readonly name: string
  readonly source: SourceName
  readonly reason: string
}

export interface SkillListing {
  readonly skills: readonly PublishedSkill[]
  readonly omitted: readonly OmittedSkill[]
}

/** Where published skills come from. */
export interface SkillSource {
  /** What there is now; the same object again when nothing has changed since the last call. */
  list(): Promise<SkillListing>
}

/** Files nobody means to publish: hidden ones, and what tools leave behind. */
export function isPrivatePath(path: string): boolean {
  return path
    .split('/')
    .some((part) => part.startsWith('.') || part === 'node_modules' || part === '__pycache__')
}

/** All bytes of a file; null as from `open`. */
export async function readWhole(file: PublishedFile): Promise<Buffer | null> {
  const pieces = await file.open()
  if (pieces === null) return null
  const chunks: Uint8Array[] = []
  for await (const piece of pieces) chunks.push(piece)
  return Buffer.concat(chunks)
}

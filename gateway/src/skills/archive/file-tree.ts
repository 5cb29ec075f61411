import { foldPath, refusePath } from './check-path.ts'

/** What all files of a skill have together is less than this. */
export const largestTotalBytes = 30_000_000
const maxFiles = 512
const maxFileBytes = 16 * 1_048_576
/** What file managers leave behind. */
const litter = /(?:^|\/)(?:__MACOSX\/|\.DS_Store$|Thumbs\.db$|desktop\.ini$)/

export interface TreeFile {
  readonly path: string
  readonly content: Uint8Array
  readonly isExecutable: boolean
}

/** An archive or upload that is not taken, and why. */
export class RefusedArchive extends Error {
  readonly path: string
  readonly rule: string

  constructor(path: string, rule: string, message: string) {
    super(message)
    this.name = 'RefusedArchive'
    this.path = path
    this.rule = rule
  }
}

/** Files as they come out of an archive or upload, held to the limits of a skill before any of them is kept. */
export class FileTree {
  readonly #files = new Map<string, TreeFile>()
  readonly #maxTotalBytes: number
  #bytes = 0

  constructor(maxTotalBytes = largestTotalBytes) {
    this.#maxTotalBytes = maxTotalBytes
  }

  /** Bytes the next file may have. */
  get room(): number {
    return Math.min(maxFileBytes, this.#maxTotalBytes - 1 - this.#bytes)
  }

  get files(): readonly TreeFile[] {
    return [...this.#files.values()]
  }

  /** Errors: RefusedArchive for a path no skill may have. Litter is told to be skipped. */
  static isWanted(path: string): boolean {
    const refusal = refusePath(path.endsWith('/') ? path.slice(0, -1) : path)
    if (refusal !== null) throw new RefusedArchive(path, 'path', refusal)
    return !litter.test(path)
  }

  /** Errors: RefusedArchive for bad and repeated paths and for more than a skill may hold. */
  add(file: TreeFile): void {
    const { path, content } = file
    if (!FileTree.isWanted(path)) return
    const folded = foldPath(path)
    const twin = this.#files.get(folded)
    if (twin !== undefined) {
      const how = twin.path === path ? 'occurs twice' : `differs from ${twin.path} in letter case only`
      throw new RefusedArchive(path, 'duplicate', `the path ${path} ${how}`)
    }
    if (this.#files.size >= maxFiles)
      throw new RefusedArchive(path, 'file-count', `a skill has at most ${maxFiles} files`)
    if (content.byteLength > this.room) throw this.tooLarge(path)
    this.#files.set(folded, file)
    this.#bytes += content.byteLength
  }

  tooLarge(path: string): RefusedArchive {
    const together = this.#maxTotalBytes / 1_000_000
    const message = `a file has at most 16 MiB, and all files together less than ${together} MB`
    return new RefusedArchive(path, 'size', message)
  }
}

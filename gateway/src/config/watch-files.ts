import { createHash } from 'node:crypto'
import { type FSWatcher, readFileSync, statSync, watch } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'

const debounceMs = 300
/** Catches what file-system events miss: mounted volumes, swapped links, folders that appear later. */
const pollMs = 2000

export interface FileWatch {
  /** Watches these files from now on, for example after an include was added. */
  follow(files: readonly string[]): void
  close(): void
}

/**
 * Calls `onChange` once, 300 ms after the last of a burst of changes, when the content of a watched file differs
 * from what it was. Files may be missing, be replaced by renaming, or appear later.
 */
export function watchFiles(files: readonly string[], onChange: () => void): FileWatch {
  return new ContentWatch(files, onChange)
}

interface FileState {
  stamp: string
  hash: string
}

class ContentWatch implements FileWatch {
  readonly #onChange: () => void
  readonly #states = new Map<string, FileState>()
  readonly #folders = new Map<string, FSWatcher>()
  readonly #poll: NodeJS.Timeout
  #timer: NodeJS.Timeout | null = null
  #closed = false

  constructor(files: readonly string[], onChange: () => void) {
    this.#onChange = onChange
    this.#poll = setInterval(() => this.#look(), pollMs)
    this.#poll.unref()
    this.follow(files)
  }

  follow(files: readonly string[]): void {
    if (this.#closed) return
    const paths = new Set(files.map((file) => resolve(file)))
    for (const path of this.#states.keys()) if (!paths.has(path)) this.#states.delete(path)
    for (const path of paths) if (!this.#states.has(path)) this.#states.set(path, readState(path))
    this.#watchFolders()
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#poll)
    if (this.#timer !== null) clearTimeout(this.#timer)
    for (const watcher of this.#folders.values()) watcher.close()
    this.#folders.clear()
  }

  /** Folders rather than files: a watch on a file ends when an editor replaces the file. */
  #watchFolders(): void {
    const wanted = new Set([...this.#states.keys()].map((path) => dirname(path)))
    for (const [folder, watcher] of this.#folders) {
      if (wanted.has(folder)) continue
      watcher.close()
      this.#folders.delete(folder)
    }
    for (const folder of wanted) if (!this.#folders.has(folder)) this.#watchFolder(folder)
  }

  #watchFolder(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || this.#concerns(folder, name)) this.#schedule()
      })
      watcher.on('error', () => {
        watcher.close()
        this.#folders.delete(folder)
      })
      this.#folders.set(folder, watcher)
    } catch {
      // The folder does not exist yet; the poll looks for it again.
    }
  }

  /** Mounted configuration maps swap a hidden link beside the file. */
  #concerns(folder: string, name: string): boolean {
    if (name.startsWith('..')) return true
    return [...this.#states.keys()].some((path) => dirname(path) === folder && basename(path) === name)
  }

  #look(): void {
    this.#watchFolders()
    for (const [path, state] of this.#states) if (readStamp(path) !== state.stamp) this.#schedule()
  }

  #schedule(): void {
    if (this.#closed) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#compare(), debounceMs)
    this.#timer.unref()
  }

  #compare(): void {
    this.#timer = null
    let changed = false
    for (const [path, before] of this.#states) {
      const now = readState(path)
      changed ||= now.hash !== before.hash
      this.#states.set(path, now)
    }
    if (changed) this.#onChange()
  }
}

function readState(path: string): FileState {
  const stamp = readStamp(path)
  try {
    return { stamp, hash: createHash('sha256').update(readFileSync(path)).digest('hex') }
  } catch {
    return { stamp, hash: 'missing' }
  }
}

function readStamp(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false, bigint: true })
  return stats === undefined ? 'missing' : `${stats.mtimeNs}:${stats.size}:${stats.ino}`
}

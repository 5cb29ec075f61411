import type { Path } from '../report.ts'

export interface SourcePosition {
  readonly file: string
  /** 1-based. */
  readonly line: number
}

/** Remembers where each member of a parsed tree was written, through merges of several files. */
export class SourceMap {
  readonly #members = new WeakMap<object, Map<string | number, SourcePosition>>()

  record(container: object, key: string | number, position: SourcePosition): void {
    let members = this.#members.get(container)
    if (members === undefined) {
      members = new Map()
      this.#members.set(container, members)
    }
    members.set(key, position)
  }

  /** Copies the position of one member to a member of another container. */
  carry(from: object, fromKey: string | number, to: object, toKey: string | number): void {
    const position = this.#members.get(from)?.get(fromKey)
    if (position !== undefined) this.record(to, toKey, position)
  }

  /** The position of the deepest member of `path` that exists under `root`. */
  locate(root: unknown, path: Path): SourcePosition | undefined {
    let node = root
    let found: SourcePosition | undefined
    for (const key of path) {
      if (typeof node !== 'object' || node === null) break
      found = this.#members.get(node)?.get(key) ?? found
      node = (node as Record<string | number, unknown>)[key]
    }
    return found
  }
}

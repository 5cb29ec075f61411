import { copyFileSync, linkSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The ids of `template1` and `template0`, to which nobody connects: their files never change. */
const idleDatabases = new Set(['1', '4'])

/**
 * Copies the directory of an embedded database. A fifth of the work of `fs.cp`, which looks at each of its thousand
 * files several times; the files of idle databases are shared.
 */
export function copyDatabase(from: string, to: string): void {
  mkdirSync(to)
  copyFiles(from, to, copyFileSync)
}

function copyFiles(from: string, to: string, place: (from: string, to: string) => void): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (!entry.isDirectory()) {
      place(source, target)
      continue
    }
    mkdirSync(target)
    copyFiles(source, target, idleDatabases.has(entry.name) ? linkSync : place)
  }
}

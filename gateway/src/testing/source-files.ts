import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One `import` or `export … from` of a source file. */
export interface SourceImport {
  /** As written: a package, or a path relative to the file. */
  readonly specifier: string
  /** The imported file, relative to the source root; null for packages and built-ins. */
  readonly file: string | null
  /** Nothing of it is left once types are gone. */
  readonly typesOnly: boolean
}

export interface SourceFile {
  /** Relative to the source root: `http/router.ts`. */
  readonly path: string
  /** The first folder, or the file itself when it lies in the root. */
  readonly area: string
  readonly imports: readonly SourceImport[]
  /** The text without comments and quoted strings. */
  readonly code: string
}

const forTests = /(?:\.test|\.suite|\.fixture|(?:^|[/-])for-test)\.ts$|(?:^|\/)testing\//
const importStatement =
  /^(?:import|export)\s(?:(?<clause>(?:type\s)?\s*(?:\{[^}]*\}|\*(?: as \w+)?|\w+(?:, \{[^}]*\})?)) from )?'(?<specifier>[^'\n]+)'$/gm
const commentOrText = /\/\*[\s\S]*?\*\/|\/\/.*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g
const interpolation = /\$\{([^}]*)\}/g

/** Every module below a source root that ships; tests and what only tests use are left out. */
export function readSourceFiles(root: URL): SourceFile[] {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' })
  return names
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.ts') && !forTests.test(name))
    .sort()
    .map((path) => readSourceFile(path, readFileSync(fileURLToPath(new URL(path, root)), 'utf8')))
}

/** Reads one module; `text` is formatted as this repository formats, one import a statement. */
export function readSourceFile(path: string, text: string): SourceFile {
  const imports = [...text.matchAll(importStatement)].map(({ groups }) =>
    describeImport(path, groups?.['clause'] ?? '', groups?.['specifier'] ?? ''),
  )
  return {
    path,
    area: path.includes('/') ? path.slice(0, path.indexOf('/')) : path,
    imports,
    code: text.replace(commentOrText, keepInterpolations),
  }
}

function keepInterpolations(quoted: string): string {
  return quoted.startsWith('`') ? [...quoted.matchAll(interpolation)].map((match) => match[1]).join(' ') : ''
}

function describeImport(path: string, clause: string, specifier: string): SourceImport {
  const file = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : null
  const named = /^\s*\{(?<names>[^}]*)\}\s*$/.exec(clause)?.groups?.['names']
  const everyNameIsType = named
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .every((name) => name.startsWith('type '))
  return { specifier, file, typesOnly: /^\s*type\b/.test(clause) || everyNameIsType === true }
}

/** The files of one import cycle, first one repeated at the end; null when there is none. */
export function findImportCycle(files: readonly SourceFile[]): readonly string[] | null {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const finished = new Set<string>()
  const trail: string[] = []
  const visit = (path: string): readonly string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    const file = byPath.get(path)
    if (file === undefined || finished.has(path)) return null
    trail.push(path)
    for (const { file: imported } of file.imports) {
      const cycle = imported === null ? null : visit(imported)
      if (cycle !== null) return cycle
    }
    trail.pop()
    finished.add(path)
    return null
  }
  for (const { path } of files) {
    const cycle = visit(path)
    if (cycle !== null) return cycle
  }
  return null
}

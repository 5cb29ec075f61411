import { readdir, stat } from 'node:fs/promises'
import { dirname, extname, join, relative, sep } from 'node:path'
import type { FunctionEntry, ModuleFile } from './function-module.ts'
import { stampManifest } from './module-manifest.ts'

const extensions: Readonly<Record<FunctionEntry['runtime'], readonly string[]>> = {
  python: ['.py'],
  node: ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts'],
}
/** Files that stand for their folder. */
const silentNames: ReadonlySet<string> = new Set(['index', '__init__', '__main__'])
const mostFiles = 2000

/** The source files of an entry, sorted by namespace; empty when its path does not exist. Links are not followed. */
export async function listModuleFiles(entry: FunctionEntry): Promise<readonly ModuleFile[]> {
  const status = await stat(entry.path).catch(() => null)
  if (status === null) return []
  const stamps = new Map<string, Promise<string>>()
  const stampFor = async (file: string): Promise<string> => {
    const folder = dirname(file)
    const known = stamps.get(folder) ?? stampManifest(folder)
    stamps.set(folder, known)
    return stampOf(await stat(file)) + (await known)
  }
  if (status.isFile())
    return [{ entry, namespace: entry.namespace, file: entry.path, stamp: await stampFor(entry.path) }]
  const patterns = entry.include.map(toPattern)
  const found: ModuleFile[] = []
  for (const path of await listFiles(entry.path, entry.runtime)) {
    const inside = relative(entry.path, path).split(sep)
    const namespace = namespaceOf(entry.namespace, inside)
    if (
      namespace === null ||
      (patterns.length > 0 && !patterns.some((pattern) => pattern.test(inside.join('/'))))
    )
      continue
    found.push({ entry, namespace, file: path, stamp: await stampFor(path) })
  }
  return found.sort((one, other) => (one.namespace < other.namespace ? -1 : 1))
}

/** The scripts at or below a path, as a module would be made of each. */
export async function listScripts(path: string): Promise<readonly string[]> {
  const status = await stat(path).catch(() => null)
  if (status === null || status.isFile()) return status === null ? [] : [path]
  return (await listFiles(path, 'node')).sort()
}

async function listFiles(folder: string, runtime: FunctionEntry['runtime']): Promise<string[]> {
  const found: string[] = []
  const folders = [folder]
  for (let next = folders.pop(); next !== undefined && found.length < mostFiles; next = folders.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true })) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules' || entry.name === '__pycache__')
        continue
      const path = join(next, entry.name)
      if (entry.isDirectory()) folders.push(path)
      else if (entry.isFile() && extensions[runtime].includes(extname(entry.name))) found.push(path)
    }
  }
  return withoutCompiled(found)
}

/** Declarations are no modules, and of a TypeScript file that was compiled in place the compiled one counts. */
function withoutCompiled(paths: readonly string[]): string[] {
  const all = new Set(paths)
  return paths.filter(
    (path) => !/\.d\.[mc]?ts$/.test(path) && !(isTypeScript(path) && all.has(path.replace(/ts$/, 'js'))),
  )
}

export const isTypeScript = (path: string): boolean => /\.[mc]?ts$/.test(path)

/** Null where a segment is no name in the languages. */
function namespaceOf(base: string, segments: readonly string[]): string | null {
  const last = segments.at(-1) ?? ''
  const names = [...segments.slice(0, -1), last.slice(0, last.length - extname(last).length)]
  if (silentNames.has(names.at(-1) ?? '')) names.pop()
  return names.every((name) => /^[A-Za-z_]\w*$/.test(name)) ? [base, ...names].join('.') : null
}

/** `**` crosses folders, `*` does not. */
function toPattern(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\?]/g, '\\$&')
    .replace(/\*\*\/?|\*/g, (star) => (star === '*' ? '[^/]*' : '(?:.*)'))
  return new RegExp(`^${source}$`)
}

const stampOf = ({ mtimeMs, size, ino }: { mtimeMs: number; size: number; ino: number }): string =>
  `${mtimeMs}-${size}-${ino}`

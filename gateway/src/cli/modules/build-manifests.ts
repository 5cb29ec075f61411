import { execFile } from 'node:child_process'
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describeDeclarations } from '../../skills/functions/describe-script.ts'
import type { FunctionItem } from '../../skills/functions/function-module.ts'
import { listScripts } from '../../skills/functions/module-files.ts'
import { formatManifest, type ManifestModules, manifestName } from '../../skills/functions/module-manifest.ts'
import { digestContent } from '../../skills/tree-digest.ts'

export interface BuiltManifest {
  readonly file: string
  readonly functions: number
}

/**
 * Writes a manifest into every folder with modules below the paths. Errors: no TypeScript in the project, no modules, and
 * what the compiler says of a module it makes no declarations of.
 */
export async function buildManifests(paths: readonly string[]): Promise<readonly BuiltManifest[]> {
  const built: BuiltManifest[] = []
  for (const path of paths) {
    const root = await realpath(resolve(path)).catch(() => null)
    const files = root === null ? [] : await listScripts(root)
    if (root === null || files.length === 0)
      throw new Error(`there are no modules of JavaScript below ${path}`)
    built.push(...(await buildBelow(root, files)))
  }
  return built
}

async function buildBelow(root: string, files: readonly string[]): Promise<readonly BuiltManifest[]> {
  const common = files.includes(root) ? dirname(root) : root
  const declarations = await declare(common, files)
  const folders = new Map<string, Record<string, ManifestModules[string]>>()
  for (const file of files) {
    const folder = dirname(file)
    const modules = folders.get(folder) ?? {}
    folders.set(folder, modules)
    const items = declarations.get(file) ?? []
    modules[basename(file)] = { digest: digestContent(await readFile(file)), items }
  }
  const built: BuiltManifest[] = []
  for (const [folder, modules] of folders) {
    const file = join(folder, manifestName)
    await writeFile(file, formatManifest(modules))
    built.push({ file, functions: Object.values(modules).reduce((sum, { items }) => sum + items.length, 0) })
  }
  return built
}

/** What the compiler finds in the modules. It writes declarations, so that every version of it will do. */
async function declare(
  root: string,
  files: readonly string[],
): Promise<ReadonlyMap<string, readonly FunctionItem[]>> {
  const compiler = findCompiler(root)
  const folder = await mkdtemp(join(tmpdir(), 'routeiq-modules-'))
  try {
    const project = join(folder, 'tsconfig.json')
    const outDir = join(folder, 'out')
    await writeFile(
      project,
      JSON.stringify({ compilerOptions: { ...options, rootDir: root, outDir }, files }),
    )
    const said = await promisify(execFile)(process.execPath, [compiler, '-p', project]).then(
      () => '',
      ({ stdout }: { stdout?: string }) => stdout ?? '',
    )
    const found = new Map<string, readonly FunctionItem[]>()
    for (const file of files) {
      const written = join(outDir, relative(root, file).replace(/\.([mc]?)[jt]s$/, '.d.$1ts'))
      const text = await readFile(written, 'utf8').catch(() => null)
      if (text === null) throw new Error(`the compiler makes no declarations of ${file}\n${said}`.trim())
      found.set(file, describeDeclarations(text))
    }
    return found
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Nothing is checked but what is exported: whether the code is right is for the project's own build to say. */
const options = {
  ...{ allowJs: true, declaration: true, emitDeclarationOnly: true, skipLibCheck: true, strict: true },
  ...{ allowImportingTsExtensions: true, target: 'esnext', module: 'nodenext', moduleResolution: 'nodenext' },
}

/** The compiler of the modules' project, else of the folder the command runs in. */
function findCompiler(root: string): string {
  for (const from of [root, process.cwd()]) {
    try {
      return join(
        dirname(createRequire(join(from, 'modules.js')).resolve('typescript/package.json')),
        'bin/tsc',
      )
    } catch {}
  }
  throw new Error(`there is no TypeScript in the project of ${root}; npm install -D typescript puts it there`)
}

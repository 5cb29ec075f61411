import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { PluginModule } from '../config/config.ts'
import { PluginStartError } from './loaded-plugin.ts'

/**
 * The default export of a module: a file by its path from `directory`, or a package installed there. Errors: rejects when there
 * is none or it throws; `PluginStartError` when its file is not the one that was pinned.
 */
export async function importPlugin({ specifier, digest }: PluginModule, directory: string): Promise<unknown> {
  const file = locate(specifier, directory)
  if (digest !== null) requireDigest(file, specifier, digest)
  const module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown }
  if (module.default === undefined) throw new TypeError('it has no default export')
  return module.default
}

function locate(specifier: string, directory: string): string {
  if (/^\.{0,2}\//.test(specifier)) return resolve(directory, specifier)
  try {
    return createRequire(join(directory, 'plugins')).resolve(specifier)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'MODULE_NOT_FOUND') throw error
    throw new Error(
      `no plugin of this gateway is called ${specifier}, and no such package is installed in ${directory}`,
    )
  }
}

/** Only the module's own file is compared, not what it imports. */
function requireDigest(file: string, specifier: string, digest: string): void {
  const found = createHash('sha256').update(readFileSync(file)).digest('hex')
  if (found === digest) return
  throw new PluginStartError(
    `the plugin ${specifier} is not the one that LLMROUTER_PLUGINS pins: its SHA-256 is ${found}`,
  )
}

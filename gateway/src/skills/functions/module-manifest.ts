import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { digestContent } from '../tree-digest.ts'
import type { FunctionItem } from './function-module.ts'

/** What stands beside modules and says what a type checker knows of them; `routeiq modules build` writes it. */
export const manifestName = 'skills.manifest.json'

const argument = z.object({
  name: z.string(),
  type: z.string(),
  required: z.boolean(),
  default: z.unknown().optional(),
})
const item = z.object({
  name: z.string(),
  kind: z.enum(['function', 'class', 'method']),
  docstring: z.string().nullable(),
  async: z.boolean(),
  args: z.array(argument),
  returns: z.string(),
  callable: z.array(z.string()).optional(),
})
const manifest = z.object({
  version: z.literal(1),
  modules: z.record(z.string(), z.object({ digest: z.string(), items: z.array(item) })),
})

/** By file name: what a module exports, and the SHA-256 of the text this was read from. */
export type ManifestModules = Readonly<
  Record<string, { readonly digest: string; readonly items: readonly FunctionItem[] }>
>

export function formatManifest(modules: ManifestModules): string {
  return `${JSON.stringify({ version: 1, modules }, null, 2)}\n`
}

/** What the manifest beside a module says of it; null without one, and when the module has changed since. */
export async function readManifest(file: string, text: string): Promise<readonly FunctionItem[] | null> {
  const written = await readFile(join(dirname(file), manifestName), 'utf8').catch(() => null)
  if (written === null) return null
  const { modules } = manifest.parse(JSON.parse(written))
  const found = modules[basename(file)]
  if (found === undefined || found.digest !== digestContent(text)) return null
  return found.items.map(({ callable, ...members }) => ({ ...members, ...(callable && { callable }) }))
}

/** Changes when the manifest of a folder does; empty without one. */
export async function stampManifest(folder: string): Promise<string> {
  const status = await stat(join(folder, manifestName)).catch(() => null)
  return status === null ? '' : `-${status.mtimeMs}-${status.size}`
}

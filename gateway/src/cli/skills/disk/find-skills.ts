import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CommandFailure } from '../gateway-client.ts'

const skipped: ReadonlySet<string> = new Set(['.git', 'node_modules', '__pycache__', '.venv', 'dist'])
const deepest = 6

/**
 * The folders below `directory` (or itself) that hold a `SKILL.md`, sorted. Links are not followed, and a skill's own
 * folder is not searched for more. Error: `directory` is no folder.
 */
export async function findSkillFolders(directory: string): Promise<readonly string[]> {
  const root = resolve(directory)
  const status = await stat(root).catch(() => null)
  if (status?.isFile() === true && /(?:^|[\\/])skill\.md$/i.test(root)) return [resolve(root, '..')]
  if (status?.isDirectory() !== true) throw new CommandFailure(`${directory} is no folder`, 2)
  const found: string[] = []
  await search(root, 0, found)
  return found.sort()
}

async function search(folder: string, depth: number, found: string[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true })
  if (entries.some((entry) => entry.isFile() && entry.name.toLowerCase() === 'skill.md')) {
    found.push(folder)
    return
  }
  if (depth === deepest) return
  for (const entry of entries) {
    if (entry.isDirectory() && !skipped.has(entry.name))
      await search(join(folder, entry.name), depth + 1, found)
  }
}

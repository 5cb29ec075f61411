import { lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, isAbsolute, join, posix, relative, resolve, sep } from 'node:path'
import { CommandFailure } from '../gateway-client.ts'

export interface FileToWrite {
  /** Relative to the folder, with `/` between segments. A server said so: it is not trusted. */
  readonly path: string
  readonly content: string | Uint8Array
}

const namePattern = /^[a-z0-9]+(?:-[a-z0-9]+)*$/

/** The folder a skill goes into: one plain segment. Names come from a server and may say anything. */
export function folderNameOf(skill: { readonly name: unknown; readonly slug?: unknown }): string {
  const candidates = [skill.slug, skill.name].filter((text): text is string => typeof text === 'string')
  const fit = candidates.find((text) => text.length <= 128 && namePattern.test(text))
  if (fit === undefined)
    throw new CommandFailure(
      `${JSON.stringify(skill.name)} cannot be the name of a folder; nothing was written`,
    )
  return fit
}

/**
 * Writes the files of one skill below `root`/`folder`, each complete or not at all. Errors: a path that would leave the
 * folder or is the same file twice; a symbolic link anywhere on the way; a file with other content unless `force`.
 * Everything is checked before the first byte is written. Returns the paths written; files with the same content stay.
 */
export async function writeSkillFolder(
  root: string,
  folder: string,
  files: readonly FileToWrite[],
  { force }: { readonly force: boolean },
): Promise<readonly string[]> {
  const target = join(resolve(root), folder)
  const plan = planWrites(target, files)
  const pending: typeof plan = []
  for (const write of plan) {
    await refuseLinks(resolve(root), write.file)
    const existing = await readIfPresent(write.file)
    if (existing?.equals(write.content) === true) continue
    if (existing !== null && !force)
      throw new CommandFailure(`${write.file} exists and differs; --force replaces it`)
    pending.push(write)
  }
  for (const { file, content } of pending) await replaceFile(file, content)
  return pending.map(({ file }) => file)
}

function planWrites(target: string, files: readonly FileToWrite[]): { file: string; content: Buffer }[] {
  const seen = new Set<string>()
  return files.map(({ path, content }) => {
    const file = resolve(target, path)
    const inside = relative(target, file)
    const isPlain =
      path !== '' && path === posix.normalize(path) && !/[\0\\:]/.test(path) && !isAbsolute(path)
    if (!isPlain || inside.startsWith('..') || isAbsolute(inside) || inside === '')
      throw new CommandFailure(
        `${JSON.stringify(path)} would leave the folder of the skill; nothing was written`,
      )
    // Two names that are one file on a disk without case would overwrite each other.
    const key = inside.normalize('NFC').toLowerCase()
    if (seen.has(key)) throw new CommandFailure(`${JSON.stringify(path)} is there twice; nothing was written`)
    seen.add(key)
    return { file, content: Buffer.from(content as Uint8Array) }
  })
}

/** No segment below `root` may be a link: it would lead the write somewhere else. */
async function refuseLinks(root: string, file: string): Promise<void> {
  const segments = relative(root, file).split(sep)
  for (let count = 1; count <= segments.length; count += 1) {
    const path = join(root, ...segments.slice(0, count))
    const status = await lstat(path).catch(() => null)
    if (status?.isSymbolicLink() === true)
      throw new CommandFailure(`${path} is a symbolic link; nothing was written`)
    if (status?.isFile() === true && count < segments.length)
      throw new CommandFailure(`${path} is a file, not a folder`)
  }
}

async function readIfPresent(path: string): Promise<Buffer | null> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  try {
    return handle === null ? null : await handle.readFile()
  } finally {
    await handle?.close()
  }
}

/** Writes a file so that it is there whole or not at all, and never through a link. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.tmp`
  const handle = await open(temporary, 'wx', 0o644)
  try {
    await handle.writeFile(content)
    await handle.close()
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

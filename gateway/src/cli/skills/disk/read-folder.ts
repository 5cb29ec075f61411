import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { CommandFailure } from '../gateway-client.ts'

export interface LocalFile {
  /** Relative to the skill's folder, with `/`. */
  readonly path: string
  readonly content: Buffer
}

/** A skill as it lies on disk. */
export interface LocalFolder {
  readonly folder: string
  /** The path of `SKILL.md`, as it is spelt there. */
  readonly skillFile: string
  readonly skillMd: string
  readonly modifiedAt: Date
  /** Without `SKILL.md`, sorted by path; links and dot files left out. */
  readonly files: readonly LocalFile[]
}

const largestSkill = 10 * 1024 * 1024

/** Reads a skill's folder whole. Errors: no `SKILL.md`, or one that is not UTF-8; more than 10 MiB in all. */
export async function readSkillFolder(folder: string): Promise<LocalFolder> {
  const paths = (await listFiles(folder, folder)).sort()
  const skillPath = paths.find((path) => path.toLowerCase() === 'skill.md')
  if (skillPath === undefined) throw new CommandFailure(`${folder} holds no SKILL.md`)
  let total = 0
  const files: LocalFile[] = []
  for (const path of paths) {
    const content = await readFile(join(folder, path))
    total += content.length
    if (total > largestSkill) throw new CommandFailure(`${folder} is larger than 10 MiB`)
    if (path !== skillPath) files.push({ path, content })
  }
  const skillFile = join(folder, skillPath)
  return {
    folder,
    skillFile,
    skillMd: await readText(skillFile),
    modifiedAt: (await stat(skillFile)).mtime,
    files,
  }
}

async function listFiles(root: string, folder: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.') || entry.name === '__pycache__' || entry.name === 'node_modules') continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) found.push(...(await listFiles(root, path)))
    else if (entry.isFile()) found.push(relative(root, path).split(sep).join('/'))
  }
  return found
}

async function readText(path: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path))
  } catch (error) {
    if (error instanceof TypeError) throw new CommandFailure(`${path} is not UTF-8 text`)
    throw error
  }
}

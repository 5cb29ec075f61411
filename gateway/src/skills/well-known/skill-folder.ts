import { type BigIntStats, constants } from 'node:fs'
import { open, readdir, realpath, stat } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { refusePath } from '../archive/check-path.ts'
import { mapConcurrently } from '../benchmarks/map-concurrently.ts'
import { sortByPath } from '../tree-digest.ts'
import { isText } from '../write/compose-version.ts'
import { describeSkill } from './describe-skill.ts'
import {
  isPrivatePath,
  type OmittedSkill,
  type PublishedFile,
  type PublishedSkill,
  readWhole,
  type SkillListing,
  type SkillSource,
} from './published-skill.ts'

const namePattern = /^[a-z][a-z0-9-]{0,63}$/
const digitPattern = /^[a-z0-9][a-z0-9-]{0,63}$/
const mostFiles = 512
const largestFile = 16 * 1_048_576
const atOnce = 16
const pieceBytes = 65_536

export interface SkillFolderOptions {
  /** Null for the first that exists of `./skills` and `./docs/skills`. */
  readonly directory: string | null
  readonly allowsLeadingDigit: boolean
}

interface FoundSkill {
  readonly name: string
  readonly files: readonly PublishedFile[]
  readonly stamp: string
}

/**
 * The skills of a folder, each a directory with a `SKILL.md`. Nothing is ever written or run. Links lead nowhere outside
 * the directory of their skill, neither when files are listed nor when they are read.
 */
export class SkillFolder implements SkillSource {
  readonly #options: () => SkillFolderOptions
  #known = new Map<string, PublishedSkill>()
  #listing: SkillListing = { skills: [], omitted: [] }
  #stamp = ''

  constructor(options: () => SkillFolderOptions) {
    this.#options = options
  }

  async list(): Promise<SkillListing> {
    const { directory, allowsLeadingDigit } = this.#options()
    const root = directory ?? (await standardFolder())
    const pattern = allowsLeadingDigit ? digitPattern : namePattern
    const names = (await readdir(root).catch(noSuchFolder)).filter((name) => pattern.test(name)).sort()
    const looked = await mapConcurrently(names, atOnce, (name) => findSkill(join(root, name), name))
    const found = looked.filter((skill) => skill !== null)
    const stamp = found
      .map((skill) => `${skill.name}\n${'stamp' in skill ? skill.stamp : skill.reason}`)
      .join('\n\n')
    if (stamp !== this.#stamp) await this.#describe(found)
    this.#stamp = stamp
    return this.#listing
  }

  async #describe(found: readonly (FoundSkill | OmittedSkill)[]): Promise<void> {
    const described = await mapConcurrently(found, atOnce, async (skill) => {
      if ('reason' in skill) return skill
      const known = this.#known.get(skill.name)
      return known?.stamp === skill.stamp ? known : describe(skill)
    })
    const skills = described.filter((skill) => 'files' in skill)
    this.#known = new Map(skills.map((skill) => [skill.name, skill]))
    this.#listing = { skills, omitted: described.filter((skill) => 'reason' in skill) }
  }
}

async function standardFolder(): Promise<string> {
  for (const folder of ['skills', 'docs/skills'])
    if ((await stat(folder).catch(() => null))?.isDirectory() === true) return resolve(folder)
  return resolve('skills')
}

function noSuchFolder(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
  throw error
}

/** Null for what is no skill at all. */
async function findSkill(path: string, name: string): Promise<FoundSkill | OmittedSkill | null> {
  const folder = await realpath(path).catch(() => null)
  if (folder === null || (await stat(folder).catch(() => null))?.isDirectory() !== true) return null
  if ((await findFile(folder, 'SKILL.md')) === null) return null
  const paths = await listPaths(folder)
  if (paths === null) return { name, source: 'dir', reason: `it has more than ${mostFiles} files` }
  const found = await Promise.all(paths.map((inside) => findFile(folder, inside)))
  const files = sortByPath(found.filter((file) => file !== null))
  return { name, files, stamp: files.map((file) => `${file.path}\0${file.stamp}`).join('\n') }
}

/** What may be a file, below a folder; null when there is too much. */
async function listPaths(folder: string): Promise<readonly string[] | null> {
  const paths: string[] = []
  const folders = ['']
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const entry of await readdir(join(folder, next), { withFileTypes: true }).catch(() => [])) {
      const inside = next === '' ? entry.name : `${next}/${entry.name}`
      if (isPrivatePath(inside) || refusePath(inside) !== null) continue
      // A linked directory is not entered: it could lead back to where it stands.
      if (entry.isDirectory()) folders.push(inside)
      else if (entry.isFile() || entry.isSymbolicLink()) paths.push(inside)
    }
    if (paths.length > mostFiles || folders.length > mostFiles) return null
  }
  return paths
}

/** Null for what is no file, is too large, or lies outside the skill. */
async function findFile(folder: string, path: string): Promise<PublishedFile | null> {
  try {
    const real = await realpath(join(folder, path))
    if (!real.startsWith(folder + sep) || isPrivatePath(real.slice(folder.length + 1))) return null
    const status = await stat(real, { bigint: true })
    if (!status.isFile() || status.size > largestFile) return null
    const stamp = stampOf(real, status)
    return {
      path,
      sizeBytes: Number(status.size),
      isExecutable: (Number(status.mode) & 0o111) !== 0,
      stamp,
      open: () => openUnchanged(real, stamp),
    }
  } catch {
    return null
  }
}

const stampOf = (real: string, { size, mtimeNs, ino, mode }: BigIntStats): string =>
  `${real}\0${size}-${mtimeNs}-${ino}-${mode}`

/** What has become a link, or anything else, since it was listed is not read. */
async function openUnchanged(real: string, stamp: string): Promise<AsyncIterable<Uint8Array> | null> {
  try {
    if ((await realpath(real)) !== real) return null
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    const file = await open(real, flags)
    const status = await file.stat({ bigint: true })
    if (status.isFile() && stampOf(real, status) === stamp)
      return file.createReadStream({ highWaterMark: pieceBytes })
    await file.close()
    return null
  } catch {
    return null
  }
}

async function describe({ name, files, stamp }: FoundSkill): Promise<PublishedSkill | OmittedSkill> {
  const skillMd = files.find(({ path }) => path === 'SKILL.md')
  const bytes = skillMd === undefined ? null : await readWhole(skillMd)
  if (bytes === null || !isText(bytes))
    return { name, source: 'dir', reason: 'its SKILL.md cannot be read as UTF-8 text' }
  return { name, description: describeSkill(bytes.toString('utf8')), files, stamp, versionId: null }
}

import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeTarGz } from '../archive/write-tar-gz.ts'
import { digestContent } from '../tree-digest.ts'
import { isStrictName } from '../validate/skill-name.ts'
import { type OmittedSkill, type PublishedFile, type PublishedSkill, readWhole } from './published-skill.ts'

/** What a client of discovery 0.2 downloads: one file for a whole skill. */
export interface Artifact {
  readonly type: 'skill-md' | 'archive'
  /** SHA-256 hex of the bytes on the wire. */
  readonly digest: string
  /** `SKILL.md`, or the skill's name and `.tar.gz`. */
  readonly fileName: string
  /** The version of the store it was made from; null for the folder's. */
  readonly versionId: string | null
}

export interface PreparedArtifacts {
  /** By name; skills without one are not there. */
  readonly bySkill: ReadonlyMap<string, Artifact>
  readonly omitted: readonly OmittedSkill[]
  /** A file changed while it was packed: what is here should not be kept. */
  readonly isIncomplete: boolean
}

export interface ArtifactShelfOptions {
  readonly folder: string
  /** Whether a version of a public skill may still be given out. */
  readonly isServable: (name: string, versionId: string) => Promise<boolean>
  /** Epoch milliseconds. */
  readonly now: () => number
}

const keptMs = 24 * 3_600_000
const touchEveryMs = 3_600_000
const largestTree = 30_000_000
const lookAgainMs = 1_000
/** Digits of the digest that stand in an address. */
export const addressDigits = 12

/**
 * Artifacts as files of one folder that all workers share, each named by its skill and digest, so that an address stays
 * good for a day after the index has moved on. The time of a file tells when an index last named it.
 */
export class ArtifactShelf {
  readonly #options: ArtifactShelfOptions
  readonly #folder: string
  readonly #now: () => number
  readonly #built = new Map<string, { readonly stamp: string; readonly artifact: Artifact }>()
  /** Addresses by name, short digest and file name. */
  #kept: ReadonlyMap<string, KeptFile> = new Map()
  /** Names of files the last index named. */
  #current: ReadonlySet<string> = new Set()
  #lookedAt = Number.NEGATIVE_INFINITY
  #touchedAt = Number.NEGATIVE_INFINITY

  constructor(options: ArtifactShelfOptions) {
    this.#options = options
    this.#folder = options.folder
    this.#now = options.now
  }

  /** The artifacts of these skills, made where they are not there yet. */
  async prepare(skills: readonly PublishedSkill[]): Promise<PreparedArtifacts> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const bySkill = new Map<string, Artifact>()
    const omitted: OmittedSkill[] = []
    let isIncomplete = false
    for (const skill of skills) {
      const refusal = refuseSkill(skill)
      const source = skill.versionId === null ? 'dir' : 'store'
      if (refusal !== null) omitted.push({ name: skill.name, source, reason: refusal })
      else {
        const artifact = await this.#artifactOf(skill)
        if (artifact === null) isIncomplete = true
        else bySkill.set(skill.name, artifact)
      }
    }
    await this.#keepCurrent(bySkill)
    return { bySkill, omitted, isIncomplete }
  }

  /** The file behind an address; null when there is none, or no more. */
  async find(address: string): Promise<PublishedFile | null> {
    if (!this.#kept.has(address) && this.#now() - this.#lookedAt >= lookAgainMs) await this.#look()
    const kept = this.#kept.get(address)
    if (kept === undefined) return null
    // What the store has taken back, because it was found to be unsafe, is not given out for another day.
    const { name, versionId, file } = kept
    const isGone =
      versionId !== null &&
      !this.#current.has(file.stamp) &&
      !(await this.#options.isServable(name, versionId))
    return isGone ? null : file
  }

  /** Says of every current artifact that it still is, at most once an hour. */
  async touch({ bySkill }: PreparedArtifacts): Promise<void> {
    if (this.#now() - this.#touchedAt >= touchEveryMs) await this.#keepCurrent(bySkill)
  }

  async #artifactOf(skill: PublishedSkill): Promise<Artifact | null> {
    const { name, stamp, files, versionId } = skill
    const known = this.#built.get(name)
    if (known?.stamp === stamp && (await this.#isThere(name, known.artifact))) return known.artifact
    const contents = await readAll(files)
    if (contents === null) return null
    const isAlone = files.length === 1
    const bytes = isAlone ? (contents[0]?.content ?? Buffer.alloc(0)) : await writeTarGz(contents)
    const artifact: Artifact = {
      type: isAlone ? 'skill-md' : 'archive',
      digest: digestContent(bytes),
      fileName: isAlone ? 'SKILL.md' : `${name}.tar.gz`,
      versionId,
    }
    await this.#write(keptName(name, artifact), bytes)
    this.#built.set(name, { stamp, artifact })
    return artifact
  }

  async #isThere(name: string, artifact: Artifact): Promise<boolean> {
    return (await stat(join(this.#folder, keptName(name, artifact))).catch(() => null)) !== null
  }

  async #write(name: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.#folder, name)
    const draft = `${path}.${randomBytes(4).toString('hex')}.draft`
    await writeFile(draft, bytes, { mode: 0o600 })
    await rename(draft, path)
  }

  /** What was current until now counts its day from now. */
  async #keepCurrent(bySkill: ReadonlyMap<string, Artifact>): Promise<void> {
    const time = new Date(this.#now())
    const before = this.#current
    this.#current = new Set([...bySkill].map(([name, artifact]) => keptName(name, artifact)))
    for (const name of new Set([...before, ...this.#current]))
      await utimes(join(this.#folder, name), time, time).catch(() => undefined)
    this.#touchedAt = this.#now()
    await this.#look(keptMs)
  }

  /** Learns what other workers have made; takes away what no index has named for this long. */
  async #look(longestMs = Number.POSITIVE_INFINITY): Promise<void> {
    this.#lookedAt = this.#now()
    const kept = new Map<string, KeptFile>()
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const path = join(this.#folder, name)
      const status = await stat(path).catch(() => null)
      if (status === null) continue
      if (this.#now() - status.mtimeMs > longestMs) {
        await rm(path, { force: true })
        continue
      }
      const found = readKept(path, name, status.size)
      if (found !== null) kept.set(found.address, found)
    }
    this.#kept = kept
  }
}

/** `name.digest.md`, with the version in front of the ending where there is one. */
const keptName = (name: string, { type, digest, versionId }: Artifact): string =>
  [name, digest, ...(versionId === null ? [] : [versionId]), type === 'archive' ? 'tar.gz' : 'md'].join('.')

const keptPattern =
  /^(?<name>[a-z0-9-]+)\.(?<digest>[0-9a-f]{64})(?:\.(?<versionId>[0-9a-f-]{36}))?\.(?:tar\.gz|md)$/

interface KeptFile {
  /** Behind the folder of the index. */
  readonly address: string
  readonly name: string
  readonly versionId: string | null
  /** Its stamp is the name it is kept under. */
  readonly file: PublishedFile
}

/** Null for a file that is still being written. */
function readKept(path: string, stamp: string, sizeBytes: number): KeptFile | null {
  const { name = '', digest = '', versionId = null } = keptPattern.exec(stamp)?.groups ?? {}
  if (name === '') return null
  const fileName = stamp.endsWith('.md') ? 'SKILL.md' : `${name}.tar.gz`
  const address = `${name}/${digest.slice(0, addressDigits)}/${fileName}`
  const file = { path: fileName, sizeBytes, isExecutable: false, stamp, open: () => openFile(path) }
  return { address, name, versionId, file }
}

function openFile(path: string): Promise<AsyncIterable<Uint8Array> | null> {
  const stream = createReadStream(path)
  return new Promise((resolve) => {
    stream.once('open', () => resolve(stream))
    stream.once('error', () => resolve(null))
  })
}

/** Why a skill cannot be one artifact; null when it can. */
function refuseSkill({ name, files }: PublishedSkill): string | null {
  if (!isStrictName(name)) return 'discovery 0.2 takes no hyphen at the end and no two in a row'
  const bytes = files.reduce((total, { sizeBytes }) => total + sizeBytes, 0)
  return bytes < largestTree ? null : 'its files are 30 MB or more together'
}

/** Null when one of them is not what it was. */
async function readAll(files: readonly PublishedFile[]) {
  const contents = []
  for (const file of files) {
    const content = await readWhole(file)
    if (content === null) return null
    contents.push({ path: file.path, content, isExecutable: file.isExecutable })
  }
  return contents
}

import { mapConcurrently } from '../benchmarks/map-concurrently.ts'
import type { Skill } from '../skill.ts'
import type { SkillStore, VersionText } from '../skill-store.ts'
import { isStrictName } from '../validate/skill-name.ts'
import { allFiles, describeListed, type ListedSkill, scheme, writeUri } from './listed-skill.ts'
import { refuseSize, refuseSkill } from './refuse-skill.ts'

export interface ListedSkillPage {
  readonly skills: readonly ListedSkill[]
  /** Null at the end. */
  readonly nextCursor: string | null
}

/** One file: text, or base64 where it is none. */
export type ResourceContents = { readonly uri: string; readonly mimeType: string } & (
  | { readonly text: string }
  | { readonly blob: string }
)

/** Who reads a skill. */
export interface SkillReader {
  readonly agentName: string
  /** The decision of the Skill Router that made it load the skill; null when it names none. */
  readonly routingId: string | null
}

/** A `SKILL.md` somebody has got. */
export interface SkillReading extends SkillReader {
  readonly workspaceId: string
  readonly name: string
  readonly skillId: string
  readonly versionId: string
  readonly contentHash: string
}

/** What is directly below a directory. */
export interface DirectoryEntry {
  readonly uri: string
  readonly name: string
  /** `inode/directory` for one. */
  readonly mimeType: string
  /** Of a file. */
  readonly size?: number
}

const pageSkills = 50
const readsAtOnce = 8
const directoryType = 'inode/directory'

/**
 * The skills of a workspace as resources of MCP, for an endpoint to serve: `skills/list`, `skills/get`, `resources/read`
 * and `resources/directory/read`. Names that not every wire takes, skills for certain agents alone, and those of more
 * than 512 files or 16 MiB are not there.
 */
export class SkillResources {
  readonly #store: Pick<SkillStore, 'find' | 'list' | 'readVersion' | 'readFiles' | 'epochsOf'>
  readonly #onRead: (reading: SkillReading) => void

  /** `onRead` hears of every `SKILL.md` that somebody has got. */
  constructor(
    store: Pick<SkillStore, 'find' | 'list' | 'readVersion' | 'readFiles' | 'epochsOf'>,
    onRead: (reading: SkillReading) => void,
  ) {
    this.#store = store
    this.#onRead = onRead
  }

  /** One page by name. Null for a cursor that is none, or of a catalogue that has changed since. */
  async list(workspaceId: string, cursor: string | null): Promise<ListedSkillPage | null> {
    const [epoch = 0] = await this.#store.epochsOf([workspaceId])
    const after = cursor === null ? null : readCursor(cursor, epoch)
    if (cursor !== null && after === null) return null
    const page = await this.#store.list(workspaceId, { limit: pageSkills, after })
    const listed = await mapConcurrently(page.skills, readsAtOnce, (skill) => this.#describe(skill))
    const last = page.skills.at(-1)
    return {
      skills: listed.filter((skill) => skill !== null),
      nextCursor: page.hasMore && last !== undefined ? writeCursor(epoch, last.name) : null,
    }
  }

  /** The skill of a `SKILL.md`; null when there is none. */
  async get(workspaceId: string, uri: string): Promise<ListedSkill | null> {
    const place = readUri(uri)
    if (place === null || place.path !== 'SKILL.md') return null
    const found = await this.#find(workspaceId, place.name)
    return found === null ? null : describeListed(found.skill, found.version)
  }

  /** The contents of a file; null when there is none. */
  async read(workspaceId: string, uri: string, reader: SkillReader): Promise<ResourceContents | null> {
    const place = readUri(uri)
    const found = place === null ? null : await this.#find(workspaceId, place.name)
    if (place === null || found === null) return null
    const { skill, version } = found
    if (place.path === 'SKILL.md') {
      const { name, skillId } = skill
      const { versionId, contentHash } = version
      this.#onRead({ ...reader, workspaceId, name, skillId, versionId, contentHash })
      return { uri, mimeType: 'text/markdown', text: version.skillMd }
    }
    const file = version.files.find(({ path }) => path === place.path)
    if (file === undefined) return null
    const [bytes] = await this.#store.readFiles(skill.workspaceId, version.versionId, [file.path])
    if (bytes === null || bytes === undefined) return null
    const content = Buffer.from(bytes)
    const { contentType: mimeType, isText } = file
    return isText
      ? { uri, mimeType, text: content.toString('utf8') }
      : { uri, mimeType, blob: content.toString('base64') }
  }

  /** What is directly below a directory of a skill, by name; null when there is no such directory. */
  async readDirectory(workspaceId: string, uri: string): Promise<readonly DirectoryEntry[] | null> {
    const place = readUri(uri.endsWith('/') ? uri.slice(0, -1) : uri)
    const found = place === null ? null : await this.#find(workspaceId, place.name)
    if (place === null || found === null) return null
    const prefix = place.path === '' ? '' : `${place.path}/`
    const entries = new Map<string, DirectoryEntry>()
    for (const { path, contentType, sizeBytes } of allFiles(found.version)) {
      if (!path.startsWith(prefix)) continue
      const [name = '', ...more] = path.slice(prefix.length).split('/')
      const entry = { uri: writeUri(place.name, prefix + name), name }
      if (more.length > 0) entries.set(name, { ...entry, mimeType: directoryType })
      else entries.set(name, { ...entry, mimeType: contentType, size: sizeBytes })
    }
    return entries.size === 0 ? null : [...entries.values()]
  }

  async #describe(skill: Skill): Promise<ListedSkill | null> {
    const version = await this.#readServed(skill)
    return version === null ? null : describeListed(skill, version)
  }

  async #find(
    workspaceId: string,
    name: string,
  ): Promise<{ readonly skill: Skill; readonly version: VersionText } | null> {
    const skill = await this.#store.find(workspaceId, name)
    const version = skill === null || skill.name !== name ? null : await this.#readServed(skill)
    return skill === null || version === null ? null : { skill, version }
  }

  /** Null for a skill that is not shown here. */
  async #readServed(skill: Skill): Promise<VersionText | null> {
    const { workspaceId, skillId, served } = skill
    if (served === null || refuseSkill(skill) !== null) return null
    const version = await this.#store.readVersion(workspaceId, skillId, { versionId: served.versionId })
    return version === null || refuseSize(version) !== null ? null : version
  }
}

/** The path is empty for the skill's own directory; null for what is no address of a skill. */
function readUri(uri: string): { readonly name: string; readonly path: string } | null {
  if (!uri.startsWith(scheme)) return null
  const [name = '', ...segments] = uri.slice(scheme.length).split('/')
  if (!isStrictName(name)) return null
  try {
    return { name, path: segments.map(decodeURIComponent).join('/') }
  } catch {
    return null
  }
}

const writeCursor = (epoch: number, name: string): string =>
  Buffer.from(`${epoch} ${name}`).toString('base64url')

function readCursor(cursor: string, epoch: number): string | null {
  const [, written, name = null] =
    /^(\d+) (.+)$/s.exec(Buffer.from(cursor, 'base64url').toString('utf8').replaceAll('\0', '')) ?? []
  return Number(written) === epoch ? name : null
}

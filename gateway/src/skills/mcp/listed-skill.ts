import type { Skill, SkillFile } from '../skill.ts'
import type { VersionText } from '../skill-store.ts'
import { digestContent, sortByPath } from '../tree-digest.ts'
import { isProblem, parseFrontmatter, splitSkillMd } from '../validate/frontmatter.ts'

export const scheme = 'skill://'

/** A skill as the extension `io.modelcontextprotocol/skills` lists it. */
export interface ListedSkill {
  /** Of its `SKILL.md`. */
  readonly uri: string
  /** As it was written. */
  readonly frontmatter: Readonly<Record<string, unknown>>
  /** Every file, `SKILL.md` included, by path. */
  readonly resources: readonly {
    readonly uri: string
    /** `sha256:` and 64 hex digits. */
    readonly digest: string
    readonly size: number
  }[]
}

/** `SKILL.md` and the files beside it, by path. */
export function allFiles(version: VersionText): readonly Omit<SkillFile, 'isExecutable' | 'isText'>[] {
  const own = {
    path: 'SKILL.md',
    digest: digestContent(version.skillMd),
    sizeBytes: Buffer.byteLength(version.skillMd),
    contentType: 'text/markdown',
  }
  return sortByPath([own, ...version.files])
}

/** Null when its frontmatter does not say of itself what the extension wants of every skill. */
export function describeListed({ name }: Skill, version: VersionText): ListedSkill | null {
  const read = parseFrontmatter(splitSkillMd(version.skillMd).frontmatter ?? '')
  if (isProblem(read) || read.fields['name'] !== name || typeof read.fields['description'] !== 'string')
    return null
  const resources = allFiles(version).map(({ path, digest, sizeBytes }) => ({
    uri: writeUri(name, path),
    digest: `sha256:${digest}`,
    size: sizeBytes,
  }))
  return { uri: writeUri(name, 'SKILL.md'), frontmatter: read.fields, resources }
}

export function writeUri(name: string, path: string): string {
  return `${scheme}${name}/${path.split('/').map(encodeURIComponent).join('/')}`
}

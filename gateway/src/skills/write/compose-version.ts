import { isUtf8 } from 'node:buffer'
import type { VersionDraft } from '../skill-store.ts'
import { digestContent, digestTree, sortByPath } from '../tree-digest.ts'
import { contentTypeOf } from './content-type.ts'

/** A file on its way into the store. */
export interface NewFile {
  readonly path: string
  readonly content: Uint8Array
  readonly contentType?: string
  readonly isExecutable?: boolean
}

export type VersionFile = VersionDraft['files'][number]

/** A `SKILL.md` and where its body stands. */
export interface SkillText {
  readonly skillMd: string
  readonly bodyStart: number
  readonly bodyEnd: number
}

export function describeFile({ path, content, contentType, isExecutable = false }: NewFile): VersionFile {
  return {
    path,
    digest: digestContent(content),
    sizeBytes: content.byteLength,
    contentType: contentType ?? contentTypeOf(path),
    isText: isText(content),
    isExecutable,
    content,
  }
}

/** A version of this text and these files, but for its scan. */
export function composeVersion(text: SkillText, files: readonly VersionFile[]): Omit<VersionDraft, 'scan'> {
  const { skillMd, bodyStart, bodyEnd } = text
  const own = { path: 'SKILL.md', digest: digestContent(skillMd), sizeBytes: Buffer.byteLength(skillMd) }
  return {
    treeDigest: digestTree([own, ...files]),
    contentHash: digestContent(skillMd.slice(bodyStart, bodyEnd)),
    skillMd,
    bodyStart,
    bodyEnd,
    files: sortByPath(files),
  }
}

/** Valid UTF-8 without NUL. */
export function isText(content: Uint8Array): boolean {
  return isUtf8(content) && !content.includes(0)
}

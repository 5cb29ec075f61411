import type { SkillDraft, VersionDraft } from '../../skills/skill-store.ts'
import { digestContent, digestTree } from '../../skills/tree-digest.ts'

const clean = { status: 'clean', isQuarantined: false, scannerVersion: '1', result: null } as const

export const blockedScan = { ...clean, status: 'blocked', isQuarantined: true } as const

export type DraftMembers = Partial<Omit<SkillDraft, 'version'>> & {
  readonly body?: string
  readonly files?: Readonly<Record<string, string | Buffer>>
  readonly scan?: VersionDraft['scan']
}

/** A draft as the writers of skills make it. */
export function sampleDraft(
  name: string,
  { body = `Body of ${name}.`, files = {}, scan = clean, ...members }: DraftMembers = {},
): SkillDraft {
  const description = members.description ?? `About ${name}.`
  const head = `---\nname: ${name}\ndescription: ${description}\n---\n\n`
  const skillMd = `${head}${body}\n`
  const listed = Object.entries(files).map(([path, text]) => {
    const content = Buffer.from(text as string)
    const sizeBytes = content.length
    const isText = typeof text === 'string'
    return {
      ...{ path, sizeBytes, isText, isExecutable: false, contentType: 'text/plain', content },
      digest: digestContent(content),
    }
  })
  const own = { path: 'SKILL.md', digest: digestContent(skillMd), sizeBytes: Buffer.byteLength(skillMd) }
  const version: VersionDraft = {
    treeDigest: digestTree([own, ...listed]),
    contentHash: digestContent(body),
    skillMd,
    bodyStart: head.length,
    bodyEnd: head.length + body.length,
    files: listed,
    scan,
  }
  return {
    ...{ skillId: null, baseVersionId: null, source: 'api', author: null, changeSummary: null, metadata: {} },
    ...{ name, description, createdBy: null },
    ...members,
    version,
  }
}

import { createHash } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import type { Caller } from '../../identity/caller.ts'
import { foldPath } from '../archive/check-path.ts'
import type { Skill, SkillFile } from '../skill.ts'
import type { SkillStore, VersionText } from '../skill-store.ts'
import type { NewFile } from '../write/compose-version.ts'
import { readServed } from './read-skill.ts'
import {
  authorOf,
  requireOwnSkill,
  requireSkill,
  retryChanged,
  type SkillRoutesDependencies,
} from './skill-context.ts'

const maxFiles = 512
const maxFileBytes = 16 * 1_048_576

/** The same for a path of a skill in every version. */
function attachmentId(skillId: string, path: string): string {
  const hex = createHash('sha256').update(`${skillId}\0${path}`).digest('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}

function formatFile(skillId: string, file: SkillFile): object {
  const { path, contentType, sizeBytes, digest } = file
  return {
    id: attachmentId(skillId, path),
    file_path: path,
    directory: path.includes('/') ? path.slice(0, path.indexOf('/')) : '',
    content_type: contentType,
    size_bytes: sizeBytes,
    digest,
  }
}

/** `GET /skills/{skill}/attachments`. */
export async function listAttachments(
  store: SkillStore,
  workspaceId: string,
  reference: string,
  directory: string | null,
): Promise<object> {
  const skill = await requireSkill(store, workspaceId, reference)
  const version = await readServed(store, workspaceId, skill)
  const files = (version?.files ?? []).filter(
    ({ path }) => directory === null || path.startsWith(`${directory}/`),
  )
  return { attachments: files.map((file) => formatFile(skill.skillId, file)) }
}

type Which = { readonly id: string } | { readonly path: string }

/** One attachment with its content: as text, or in base64 when it is none. */
export async function showAttachment(
  store: SkillStore,
  workspaceId: string,
  reference: string,
  which: Which,
): Promise<object> {
  const skill = await requireSkill(store, workspaceId, reference)
  const version = await readServed(store, workspaceId, skill)
  const file = requireFile(skill, version, which)
  const [content] = version === null ? [] : await store.readFiles(workspaceId, version.versionId, [file.path])
  const bytes = Buffer.from(content ?? [])
  const text = file.isText
    ? { content_text: bytes.toString('utf8') }
    : { content_base64: bytes.toString('base64') }
  return { ...formatFile(skill.skillId, file), ...text }
}

function requireFile({ skillId, name }: Skill, version: VersionText | null, which: Which): SkillFile {
  const matches = (file: SkillFile): boolean =>
    'path' in which ? file.path === which.path : attachmentId(skillId, file.path) === which.id.toLowerCase()
  const file = version?.files.find(matches)
  if (file === undefined) {
    const wanted = 'path' in which ? which.path : which.id
    throw new GatewayError('not_found', `The skill ${name} has no attachment ${wanted}.`, {
      param: 'attachment',
    })
  }
  return file
}

/** Adds or replaces files, all of them in one new version or none. */
export function addAttachments(
  { store, writer, settings }: SkillRoutesDependencies,
  workspaceId: string,
  reference: string,
  files: readonly NewFile[],
  caller: Caller,
): Promise<readonly { readonly id: string; readonly file: NewFile }[]> {
  return retryChanged(async () => {
    const skill = await requireOwnSkill(store, workspaceId, reference)
    const current = await store.readVersion(workspaceId, skill.skillId, { versionId: skill.latest.versionId })
    requireRoom(current?.files ?? [], files, settings().maxTotalBytes)
    await writer.revise(workspaceId, skill, {
      addFiles: files,
      author: authorOf(caller, null),
      changeSummary: files.length === 1 ? `Add ${files[0]?.path}` : `Add ${files.length} files`,
    })
    return files.map((file) => ({ id: attachmentId(skill.skillId, file.path), file }))
  })
}

/** `DELETE /skills/{skill}/attachments/{att}`. */
export function removeAttachment(
  { store, writer }: SkillRoutesDependencies,
  workspaceId: string,
  reference: string,
  id: string,
  caller: Caller,
): Promise<object> {
  return retryChanged(async () => {
    const skill = await requireOwnSkill(store, workspaceId, reference)
    const current = await store.readVersion(workspaceId, skill.skillId, { versionId: skill.latest.versionId })
    const { path } = requireFile(skill, current, { id })
    await writer.revise(workspaceId, skill, {
      removePaths: [path],
      author: authorOf(caller, null),
      changeSummary: `Remove ${path}`,
    })
    return { status: 'ok' }
  })
}

/** Errors: 422 for what the tree of a skill may not hold. */
function requireRoom(present: readonly SkillFile[], added: readonly NewFile[], maxTotalBytes: number): void {
  const sizes = new Map(present.map(({ path, sizeBytes }) => [path, sizeBytes]))
  const given = new Set<string>()
  for (const { path, content } of added) {
    if (given.has(foldPath(path))) throw refused(`The path ${path} occurs twice.`)
    given.add(foldPath(path))
    if (content.byteLength > maxFileBytes) throw refused(`${path} is larger than 16 MiB.`)
    const twin = present.find((file) => file.path !== path && foldPath(file.path) === foldPath(path))
    if (twin !== undefined) throw refused(`${path} differs from ${twin.path} in letter case only.`)
    sizes.set(path, content.byteLength)
  }
  if (sizes.size > maxFiles) throw refused(`A skill has at most ${maxFiles} files.`)
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  if (total >= maxTotalBytes)
    throw refused(`The files of a skill have less than ${maxTotalBytes / 1_000_000} MB together.`)
}

function refused(message: string): GatewayError {
  const issue = { type: 'value_error', loc: ['body', 'file_path'], msg: message }
  return new GatewayError('validation_failed', message, { extras: { issues: [issue] } })
}

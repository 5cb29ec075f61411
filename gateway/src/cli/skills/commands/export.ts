import { join, resolve } from 'node:path'
import { digestContent } from '../../../skills/tree-digest.ts'
import { composeSkillMd } from '../../../skills/validate/frontmatter.ts'
import { defineCommand, readChoice, type SkillsContext } from '../command.ts'
import { agentFolders } from '../disk/agent-folders.ts'
import { extendLock, type LockEntry } from '../disk/checkout-state.ts'
import { type FileToWrite, folderNameOf, writeSkillFolder } from '../disk/write-folder.ts'
import { CommandFailure, type Json, registryPath, skillPath } from '../gateway-client.ts'
import { findPublicSkill } from './registry.ts'

/** A skill with all its files, as it goes to disk. */
interface Download {
  readonly folder: string
  readonly skillMd: string
  readonly files: readonly FileToWrite[]
  readonly facts: { readonly skillId: string; readonly version: number; readonly body: string }
}

export const pull = defineCommand({
  usage: 'SLUG',
  summary: 'a public skill as a folder, or its text with --stdout',
  arity: [1, 1],
  options: {
    out: { type: 'string' },
    'no-evals': { type: 'boolean' },
    stdout: { type: 'boolean' },
    force: { type: 'boolean' },
  },
  async run(context, { values, names: [slug = ''] }) {
    const id = await findPublicSkill(context.gateway, slug)
    const detail = await context.gateway.get(registryPath(id))
    if (values.stdout === true) {
      context.show(detail, () => [String(detail['body_markdown'] ?? '')])
      return 0
    }
    const download = await downloadSkill(context, detail, registryPath(id))
    const evaluation = values['no-evals'] === true ? null : await readEvaluation(context, id)
    const files =
      evaluation === null ? download.files : [...download.files, { path: 'eval.yaml', content: evaluation }]
    const root = resolve(context.directory, values.out ?? '.')
    const written = await writeDownload(root, { ...download, files }, values.force === true)
    return showWritten(context, written, [join(root, download.folder)])
  },
})

async function readEvaluation(context: SkillsContext, id: string): Promise<string | null> {
  try {
    return String((await context.gateway.get(registryPath(id, '/eval')))['eval_yaml_text'])
  } catch (error) {
    if (error instanceof CommandFailure && error.status === 404) return null
    throw error
  }
}

const exportOptions = {
  agent: { type: 'string', multiple: true },
  scope: { type: 'string' },
  out: { type: 'string' },
  force: { type: 'boolean' },
} as const

interface ExportValues {
  readonly agent?: readonly string[]
  readonly scope?: string
  readonly out?: string
  readonly force?: boolean
}

export const exportSkill = defineCommand({
  usage: 'NAME',
  summary: 'a skill of the workspace as files for agents that load them from disk',
  arity: [1, 1],
  options: exportOptions,
  run: (context, { values, names: [name = ''] }) => exportToDisk(context, name, values),
})

export const install = defineCommand({
  usage: 'NAME',
  summary: 'the old name of export',
  arity: [1, 1],
  options: exportOptions,
  run(context, { values, names: [name = ''] }) {
    context.note('`install` is called `export` now; no copy of the skill is made.')
    return exportToDisk(context, name, values)
  },
})

async function exportToDisk(context: SkillsContext, name: string, values: ExportValues): Promise<number> {
  const scope = readChoice('scope', values.scope, ['project', 'global']) ?? 'project'
  const agents = values.agent ?? ['universal']
  const project = resolve(context.directory, values.out ?? '.')
  const roots = agentFolders(agents, scope, { project, home: context.homeDirectory })
  const download = await downloadSkill(
    context,
    await context.gateway.get(skillPath(name, '/body')),
    skillPath(name),
  )
  const written: string[] = []
  for (const root of roots) written.push(...(await writeDownload(root, download, values.force === true)))
  const { skillId, version, body } = download.facts
  const entry: LockEntry = {
    version,
    content_hash: digestContent(download.skillMd),
    body_hash: digestContent(body),
    source: context.gateway.baseUrl,
    skill_id: skillId,
    installed_at: new Date().toISOString(),
    agents,
    scope,
  }
  if (scope === 'project') await extendLock(project, { [download.folder]: entry })
  return showWritten(
    context,
    written,
    roots.map((root) => join(root, download.folder)),
  )
}

/** The folder of a skill from its body record or registry page, with every attachment's bytes. */
async function downloadSkill(context: SkillsContext, record: Json, base: string): Promise<Download> {
  const folder = folderNameOf({ name: record['name'], slug: record['url_slug'] ?? slugOf(record['name']) })
  const body = String(record['body'] ?? record['body_markdown'] ?? '').trim()
  const list = ((await context.gateway.get(`${base}/attachments`))['attachments'] ?? []) as readonly Json[]
  const files: FileToWrite[] = []
  const category = typeof record['category'] === 'string' ? { category: record['category'] } : {}
  const fields = { name: folder, description: String(record['description'] ?? folder), ...category }
  for (const [index, row] of list.entries()) {
    const full = await context.gateway.get(`${base}/attachments/${encodeURIComponent(String(row['id']))}`)
    files.push({ path: String(full['file_path'] ?? row['file_path']), content: contentOf(full) })
    context.progress.report('files', index + 1, list.length)
  }
  return {
    folder,
    skillMd: composeSkillMd(fields, body).skillMd,
    files,
    facts: {
      skillId: String(record['skill_id'] ?? record['id']),
      version: Number(record['version'] ?? record['latest_version_number'] ?? 1),
      body,
    },
  }
}

/** `owner/name` goes to disk as `owner-name`. */
function slugOf(name: unknown): unknown {
  return typeof name === 'string' ? name.replace('/', '-') : name
}

function contentOf(attachment: Json): string | Uint8Array {
  const { content_text: text, content_base64: base64 } = attachment
  if (typeof text === 'string') return text
  if (typeof base64 === 'string') return Buffer.from(base64, 'base64')
  throw new CommandFailure(`the gateway sent no content for ${attachment['file_path']}; nothing was written`)
}

function writeDownload(
  root: string,
  { folder, skillMd, files }: Download,
  force: boolean,
): Promise<readonly string[]> {
  return writeSkillFolder(root, folder, [{ path: 'SKILL.md', content: skillMd }, ...files], { force })
}

function showWritten(context: SkillsContext, written: readonly string[], folders: readonly string[]): number {
  context.show({ written, folders }, () =>
    written.length === 0
      ? folders.map((folder) => `${folder} is up to date.`)
      : written.map((path) => `written: ${path}`),
  )
  return 0
}

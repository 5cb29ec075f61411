import { writeFile } from 'node:fs/promises'
import { basename, join, relative, resolve } from 'node:path'
import type { TreeFile } from '../../../skills/archive/file-tree.ts'
import { writeZip } from '../../../skills/archive/write-zip.ts'
import type { Finding } from '../../../skills/scan/finding.ts'
import { formatSarif } from '../../../skills/scan/format-sarif.ts'
import { type ScanStatus, scanSkill, statusOf } from '../../../skills/scan/scan-skill.ts'
import { digestContent } from '../../../skills/tree-digest.ts'
import { type ValidatedUpload, validateUpload } from '../../../skills/upload/validate-upload.ts'
import { readAllowedTools } from '../../../skills/validate/allowed-tools.ts'
import { formatProblem, type Problem } from '../../../skills/validate/problem.ts'
import { isText } from '../../../skills/write/compose-version.ts'
import { defineCommand, readChoice, type SkillsContext } from '../command.ts'
import { findSkillFolders } from '../disk/find-skills.ts'
import { type LocalFolder, readSkillFolder } from '../disk/read-folder.ts'
import { toSyncItem } from '../disk/sync-item.ts'
import { CommandFailure } from '../gateway-client.ts'

async function readFolders(
  context: SkillsContext,
  names: readonly string[],
): Promise<readonly LocalFolder[]> {
  const given = names.length === 0 ? ['./skills'] : names
  const folders = await Promise.all(given.map((name) => findSkillFolders(resolve(context.directory, name))))
  if (folders.flat().length === 0) throw new CommandFailure(`there is no SKILL.md below ${given.join(', ')}`)
  return Promise.all(folders.flat().map(readSkillFolder))
}

/** The files of a folder as they would be uploaded, in a directory of its name. */
function toTree({ folder, skillFile, skillMd, files }: LocalFolder): TreeFile[] {
  const own = { path: basename(skillFile), content: Buffer.from(skillMd) }
  return [own, ...files].map(({ path, content }) => ({
    ...{ path: `${basename(folder)}/${path}`, content },
    isExecutable: false,
  }))
}

/** Checks a folder as an upload would be checked. */
function checkFolder(local: LocalFolder, isStrict: boolean): ValidatedUpload {
  return validateUpload(toTree(local), isStrict)
}

export const validate = defineCommand({
  usage: '[DIR…]',
  summary: 'check skills on disk against the format (no gateway needed)',
  arity: [0, 1000],
  options: { strict: { type: 'boolean' }, lenient: { type: 'boolean' } },
  async run(context, { values, names }) {
    if (values.strict === true && values.lenient === true)
      throw new CommandFailure('--strict and --lenient exclude each other', 2)
    const folders = await readFolders(context, names)
    const results = folders.map((local) => {
      const { errors, warnings } = checkFolder(local, values.strict === true)
      return {
        folder: relative(context.directory, local.folder),
        valid: errors.length === 0,
        errors,
        warnings,
      }
    })
    const place = (folder: string, problem: Problem): string =>
      formatProblem({ ...problem, path: join(folder, problem.path) })
    context.show({ skills: results }, () => [
      ...results.flatMap(({ folder, errors, warnings }) => [
        ...errors.map((problem) => `${place(folder, problem)}`),
        ...warnings.map((problem) => `${place(folder, problem)} (warning)`),
      ]),
      `${results.filter(({ valid }) => valid).length} of ${results.length} skills are valid.`,
    ])
    return results.every(({ valid }) => valid) ? 0 : 1
  },
})

const formats = ['text', 'json', 'github', 'sarif'] as const
const thresholds = ['blocked', 'flagged', 'never'] as const

interface Scanned {
  readonly folder: string
  readonly name: string
  readonly status: ScanStatus
  /** Why its frontmatter could not be read; what it says is scanned all the same. */
  readonly error?: string
  readonly findings: readonly Finding[]
}

export const scan = defineCommand({
  usage: '[PATH…]',
  summary: 'look for what is dangerous in skills on disk (no gateway needed)',
  arity: [0, 1000],
  options: { format: { type: 'string' }, 'fail-on': { type: 'string' } },
  async run(context, { values, names }) {
    const format = readChoice('format', values.format, formats) ?? (context.asJson ? 'json' : 'text')
    const threshold = readChoice('fail-on', values['fail-on'], thresholds) ?? 'blocked'
    const results = (await readFolders(context, names)).map((local) => scanFolder(local, context.directory))
    context.print(formatResults(results, format))
    for (const { error } of results) if (error !== undefined) context.note(error)
    const failing: readonly ScanStatus[] =
      threshold === 'never' ? [] : threshold === 'flagged' ? ['flagged', 'blocked'] : ['blocked']
    return results.some(({ status, error }) => error !== undefined || failing.includes(status)) ? 1 : 0
  },
})

function scanFolder(local: LocalFolder, directory: string): Scanned {
  const { name, description, body, error } = readScanned(local)
  const findings = scanSkill({
    name,
    description,
    skillMd: local.skillMd,
    body,
    allowedTools: readAllowedTools(local.skillMd),
    files: local.files.map(({ path, content }) => ({ path, content, isText: isText(content) })),
  })
  return {
    folder: relative(directory, local.folder),
    name,
    status: statusOf(findings),
    ...(error === undefined ? {} : { error }),
    findings,
  }
}

/** What is scanned of a folder: of one whose frontmatter cannot be read the whole file as its text. */
function readScanned(local: LocalFolder): {
  readonly name: string
  readonly description: string
  readonly body: string
  readonly error?: string
} {
  try {
    const { name, description, body_markdown: body } = toSyncItem(local)
    return { name, description, body }
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    return { name: basename(local.folder), description: '', body: local.skillMd, error: error.message }
  }
}

function formatResults(results: readonly Scanned[], format: (typeof formats)[number]): string {
  const located = results.flatMap(({ folder, findings }) =>
    findings.map((finding) => ({ ...finding, file: join(folder, finding.file) })),
  )
  if (format === 'json') return JSON.stringify({ skills: results }, null, 2)
  if (format === 'sarif') return JSON.stringify(formatSarif(located), null, 2)
  if (format === 'github') return located.map(formatAnnotation).join('\n')
  const lines = results.flatMap(({ name, status, findings, folder }) => [
    `${name}: ${status}`,
    ...findings.map(
      ({ severity, check, file, line, message }) =>
        `  ${join(folder, file)}:${line} ${severity} ${check}: ${message}`,
    ),
  ])
  return lines.join('\n')
}

const annotations = { critical: 'error', warning: 'warning', info: 'notice' } as const

/** A workflow command that puts a finding beside its line. */
function formatAnnotation({ check, severity, message, file, line }: Finding): string {
  const quote = (text: string): string =>
    text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
  return `::${annotations[severity]} file=${quote(file).replaceAll(',', '%2C').replaceAll(':', '%3A')},line=${line},title=${check}::${quote(message)}`
}

export const pack = defineCommand({
  usage: 'DIR',
  summary: 'a skill as one zip file, the same bytes for the same content',
  arity: [1, 1],
  options: { out: { type: 'string' }, force: { type: 'boolean' } },
  async run(context, { values, names: [given = ''] }) {
    const local = await readSkillFolder(resolve(context.directory, given))
    const { errors } = checkFolder(local, false)
    if (errors.length > 0) throw new CommandFailure(errors.map(formatProblem).join('\n'))
    const name = basename(local.folder)
    const archive = writeZip(toTree({ ...local, skillFile: 'SKILL.md' }))
    const file = resolve(context.directory, values.out ?? `${name}.zip`)
    await writeFile(file, archive, { flag: values.force === true ? 'w' : 'wx' }).catch(
      (error: NodeJS.ErrnoException) => {
        throw new CommandFailure(
          error.code === 'EEXIST' ? `${file} exists; --force replaces it` : error.message,
        )
      },
    )
    const digest = digestContent(archive)
    context.show({ file, bytes: archive.length, sha256: digest, files: local.files.length + 1 }, () => [
      `written: ${file} (${archive.length} bytes, sha256 ${digest})`,
    ])
    return 0
  },
})

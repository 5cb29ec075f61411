import type { SkillFile } from '../skill.ts'
import { digestContent } from '../tree-digest.ts'
import { readAllowedTools } from '../validate/allowed-tools.ts'
import { isProblem, parseFrontmatter, splitSkillMd } from '../validate/frontmatter.ts'

/** The one form of folder that is rendered. */
export const folderFormat = 1
/** Tools that a skill of others may have approved in advance. */
const harmlessTools = new Set(['Read', 'Grep', 'Glob'])
const directories = new Set(['scripts', 'references', 'templates', 'assets'])
const clutter = /(?:^|\/)(?:\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*|[^/]*\.pyc)$|(?:^|\/)__pycache__\//
const maxDescription = 1_024
const maxCompatibility = 500

export interface RenderedSkill {
  readonly skillId: string
  readonly name: string
  readonly category: string | null
  /** `user` keeps models from loading it by themselves. */
  readonly invocation: string | null
  readonly version: {
    readonly versionId: string
    readonly versionNumber: number
    readonly description: string
    readonly body: string
    readonly skillMd: string
  }
  /** With their bytes. */
  readonly files: readonly (SkillFile & { readonly content: Uint8Array })[]
}

/** A skill as the files of one folder. */
export interface RenderedFolder {
  readonly hash: string
  readonly bodySha256: string
  readonly descriptionSha256: string
  readonly invocation: 'model' | 'user'
  readonly files: readonly RenderedFile[]
  readonly unavailable: readonly { readonly path: string; readonly reason: string }[]
  readonly notes: readonly string[]
}

interface RenderedFile {
  readonly path: string
  readonly sha256: string
  readonly mode: '0644' | '0755'
  readonly content: string
}

/**
 * The folder that installers of the `decimalai` package (0.26) write and check: a `SKILL.md` whose metadata says what it
 * is, and the text files of the skill. The hash names what decides how a model uses it, whatever the folder is called.
 */
export function renderFolder(skill: RenderedSkill, installName: string): RenderedFolder {
  const { version } = skill
  const fields = readFields(version.skillMd)
  const body = version.body.replace(/\r\n?/g, '\n').trim()
  const asked = readAllowedTools(version.skillMd)
  const tools = asked.filter((tool) => harmlessTools.has(tool))
  const invocation = skill.invocation === 'user' ? 'user' : 'model'
  const description = oneLine(version.description).slice(0, maxDescription)
  const license = textOf(fields['license'])
  const compatibility = textOf(fields['compatibility'])?.slice(0, maxCompatibility) ?? null
  const bodySha256 = digestContent(body)
  const metadata = {
    'decimalai-skill-id': skill.skillId,
    'decimalai-version-id': version.versionId,
    'decimalai-version': String(version.versionNumber),
    'decimalai-body-sha256': bodySha256,
    'decimalai-name': skill.name,
    'decimalai-format': String(folderFormat),
    'decimalai-invocation': invocation,
    ...(skill.category === null ? {} : { 'decimalai-category': skill.category }),
  }
  const lines = [
    '---',
    `name: ${installName}`,
    `description: ${quote(description)}`,
    ...(license === null ? [] : [`license: ${quote(license)}`]),
    ...(compatibility === null ? [] : [`compatibility: ${quote(compatibility)}`]),
    ...(tools.length === 0 ? [] : [`allowed-tools: ${quote(tools.join(' '))}`]),
    ...(invocation === 'user' ? ['disable-model-invocation: true'] : []),
    'metadata:',
    ...Object.entries(metadata).map(([key, value]) => `  ${key}: ${quote(value)}`),
    '---',
  ]
  const dropped = asked.filter((tool) => !tools.includes(tool))
  const identity = { allowed_tools: asked, compatibility, description, invocation_mode: invocation, license }
  const { written, unavailable } = sortFiles(skill.files)
  return {
    hash: digestContent(JSON.stringify(identity)),
    bodySha256,
    descriptionSha256: digestContent(description),
    invocation,
    files: [toFile('SKILL.md', `${lines.join('\n')}\n${body}\n`, false), ...written],
    unavailable,
    notes: dropped.length === 0 ? [] : [`allowed-tools: not approved in advance: ${dropped.join(', ')}`],
  }
}

function sortFiles(files: RenderedSkill['files']) {
  const written: RenderedFile[] = []
  const unavailable: { path: string; reason: string }[] = []
  for (const { path, isText, isExecutable, content } of files) {
    const reason = reasonToLeaveOut(path, isText)
    if (reason === null) written.push(toFile(path, Buffer.from(content).toString('utf8'), isExecutable))
    else unavailable.push({ path, reason })
  }
  return { written, unavailable }
}

function reasonToLeaveOut(path: string, isText: boolean): string | null {
  const segments = path.split('/')
  if (segments.some((segment) => segment.toLowerCase() === 'skill.md'))
    return 'a second SKILL.md would be read as another skill'
  if (segments.length < 2 || !directories.has(segments[0] ?? ''))
    return `only files below ${[...directories].join('/, ')}/ are installed`
  if (clutter.test(path)) return 'left behind by an operating system or a tool'
  return isText ? null : 'binary files are not installed'
}

const toFile = (path: string, content: string, isExecutable: boolean): RenderedFile => ({
  path,
  sha256: digestContent(content),
  mode: isExecutable ? '0755' : '0644',
  content,
})

function readFields(skillMd: string): Readonly<Record<string, unknown>> {
  const { frontmatter } = splitSkillMd(skillMd)
  const read = frontmatter === null ? null : parseFrontmatter(frontmatter)
  return read === null || isProblem(read) ? {} : read.fields
}

const oneLine = (text: string): string => text.trim().replace(/\s*[\r\n]\s*/g, ' ')

function textOf(value: unknown): string | null {
  const text = Array.isArray(value) ? value.filter((part) => typeof part === 'string').join('; ') : value
  return typeof text === 'string' && text.trim() !== '' ? oneLine(text) : null
}

/** A quoted scalar of YAML on one line, in which no three hyphens follow one another: some readers split there. */
function quote(text: string): string {
  return JSON.stringify(text)
    .replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, escapeUnit)
    .replace(/---/g, '--\\u002d')
}

const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`

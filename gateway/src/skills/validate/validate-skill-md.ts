import { type Frontmatter, isProblem, parseFrontmatter, splitSkillMd } from './frontmatter.ts'
import type { ProblemList } from './problem.ts'
import { isStrictName, refuseSegment } from './skill-name.ts'

const maxDescription = 1_024
const maxBodyBytes = 262_144
const longBodyLines = 500
const longBodyTokens = 5_000

/** Keys of the open format, and those other systems are known to read. */
const known: ReadonlySet<string> = new Set(
  `name description license compatibility metadata allowed-tools title display_name category tags stability
   skill-type skill-scope invocation disable-model-invocation trigger_phrases version model`.split(/\s+/),
)

/** What a `SKILL.md` says, every tolerated fault put right. */
export interface SkillMd {
  readonly name: string
  readonly description: string
  /** All of the frontmatter as it was written. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly bodyStart: number
  readonly bodyEnd: number
}

/**
 * Checks the text of a `SKILL.md`. Problems go to `problems`; null when it cannot be used at all. `directory` is the
 * name of its directory, null where there is none to compare with.
 */
export function validateSkillMd(
  text: string,
  directory: string | null,
  problems: ProblemList,
  path = 'SKILL.md',
): SkillMd | null {
  if (text.startsWith('\ufeff'))
    problems.tolerate(path, 1, 'byte-order-mark', 'remove the byte order mark in front')
  const split = splitSkillMd(text)
  if (split.frontmatter === null) {
    problems.error(
      path,
      1,
      'frontmatter-missing',
      'begin the file with a line `---`, YAML, and another line `---`',
    )
    return null
  }
  const read = parseFrontmatter(split.frontmatter)
  if (isProblem(read)) {
    problems.error(path, read.line, read.rule, read.message)
    return null
  }
  const body = text.slice(split.bodyStart, split.bodyEnd)
  checkBody(body, problems, path)
  const name = readName(read, directory, problems, path)
  const description = readDescription(read, body, problems, path)
  checkOptional(read, problems, path)
  if (name === null || description === null || body === '') return null
  const { bodyStart, bodyEnd } = split
  return { name, description, fields: read.fields, bodyStart, bodyEnd }
}

function readName(
  { fields, lines }: Frontmatter,
  directory: string | null,
  problems: ProblemList,
  path: string,
): string | null {
  const line = lines['name'] ?? null
  const written = fields['name']
  const name = typeof written === 'string' ? written.trim().normalize('NFKC') : ''
  const refusal = refuseSegment(name)
  if (refusal !== null) {
    problems.error(path, line, 'name', refusal)
    return null
  }
  if (!isStrictName(name)) {
    const message = 'some clients take only lower-case letters a-z, digits and single hyphens'
    problems.tolerate(path, line, 'name-form', message)
  }
  if (/anthropic|claude/i.test(name)) {
    problems.tolerate(path, line, 'name-word', 'Anthropic refuses names with "anthropic" or "claude"')
  }
  if (directory !== null && directory !== name) {
    problems.tolerate(
      path,
      line,
      'name-directory',
      `the directory is called ${directory}; call both the same`,
    )
  }
  return name
}

function readDescription(
  { fields, lines }: Frontmatter,
  body: string,
  problems: ProblemList,
  path: string,
): string | null {
  const line = lines['description'] ?? null
  const written = fields['description']
  const given = typeof written === 'string' ? written.trim() : ''
  const description = given === '' ? firstParagraph(body) : given
  if (given === '') {
    problems.tolerate(
      path,
      line,
      'description',
      'a description is required: what the skill does and when to use it',
    )
  }
  if (description === '') return null
  if ([...description].length > maxDescription) {
    problems.error(path, line, 'description-length', `a description has at most ${maxDescription} characters`)
    return null
  }
  if (/<\/?[A-Za-z][^<>]*>/.test(description)) {
    problems.tolerate(path, line, 'description-tags', 'a description holds no XML-like tags')
  }
  return description
}

/** What stands for a missing description. */
export function firstParagraph(body: string): string {
  const lines: string[] = []
  for (const raw of body.split('\n')) {
    const line = raw.trim()
    if (line.startsWith('#')) continue
    if (line === '' && lines.length > 0) break
    if (line !== '') lines.push(line)
  }
  const text = lines.join(' ').replace(/\s+/g, ' ')
  return [...text].slice(0, maxDescription).join('')
}

function checkBody(body: string, problems: ProblemList, path: string): void {
  if (body === '') problems.error(path, null, 'body', 'there is no text behind the frontmatter')
  if (Buffer.byteLength(body) > maxBodyBytes) {
    problems.error(
      path,
      null,
      'body-size',
      'the text behind the frontmatter has more than 256 KiB; move parts to files',
    )
    return
  }
  const tokens = Math.ceil(body.length / 4)
  if (tokens > longBodyTokens || body.split('\n').length > longBodyLines) {
    const message = `more than ${longBodyLines} lines or ${longBodyTokens} tokens cost a lot of context; move parts to files`
    problems.warn(path, null, 'body-length', message)
  }
}

function checkOptional({ fields, lines }: Frontmatter, problems: ProblemList, path: string): void {
  for (const key of Object.keys(fields)) {
    if (!known.has(key))
      problems.tolerate(path, lines[key] ?? null, 'unknown-key', `the key ${key} is not known`)
  }
  const { license, compatibility, metadata, 'allowed-tools': tools } = fields
  const complain = (key: string, message: string): void =>
    problems.error(path, lines[key] ?? null, key, message)
  if (license !== undefined && typeof license !== 'string') complain('license', 'a license is text')
  if (compatibility !== undefined && !isTextUpTo(compatibility, 500))
    complain('compatibility', 'compatibility is text of 1 to 500 characters')
  if (metadata !== undefined && !isRecord(metadata)) complain('metadata', 'metadata is a map')
  else if (isRecord(metadata) && Object.values(metadata).some((value) => typeof value !== 'string'))
    problems.tolerate(
      path,
      lines['metadata'] ?? null,
      'metadata-values',
      'write the values of metadata as text',
    )
  if (Array.isArray(tools)) {
    const message = 'write allowed-tools as text with spaces between the tools'
    problems.tolerate(path, lines['allowed-tools'] ?? null, 'allowed-tools', message)
  } else if (tools !== undefined && typeof tools !== 'string')
    complain('allowed-tools', 'allowed-tools is text')
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isTextUpTo = (value: unknown, length: number): boolean =>
  typeof value === 'string' && value !== '' && value.length <= length

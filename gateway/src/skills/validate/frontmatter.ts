import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  stringify,
  visit,
} from 'yaml'

const maxBytes = 65_536
const maxDepth = 20
const maxAliases = 100
/** Line 1 is the fence. */
const linesBefore = 1

export interface SplitText {
  /** Between the fences; null when the text has no frontmatter. */
  readonly frontmatter: string | null
  /** Where the trimmed body stands in the text, in UTF-16 units. */
  readonly bodyStart: number
  readonly bodyEnd: number
}

/** Finds the fences of a `SKILL.md` and the body behind them. A byte order mark in front is passed over. */
export function splitSkillMd(text: string): SplitText {
  const start = text.startsWith('\ufeff') ? 1 : 0
  const opening = /^---[ \t]*\r?\n/.exec(text.slice(start, start + 16))
  if (opening === null) return { frontmatter: null, ...trim(text, start) }
  const from = start + opening[0].length
  const closing = /^---[ \t]*(?:\r?\n|$)/gm
  closing.lastIndex = from
  const found = closing.exec(text)
  if (found === null) return { frontmatter: null, ...trim(text, start) }
  return { frontmatter: text.slice(from, found.index), ...trim(text, found.index + found[0].length) }
}

function trim(text: string, from: number): { bodyStart: number; bodyEnd: number } {
  const rest = text.slice(from)
  const bodyStart = from + (rest.length - rest.trimStart().length)
  return { bodyStart, bodyEnd: Math.max(bodyStart, from + rest.trimEnd().length) }
}

export interface Frontmatter {
  readonly fields: Readonly<Record<string, unknown>>
  /** Line of each key in the file, from 1. */
  readonly lines: Readonly<Record<string, number>>
}

export interface FrontmatterProblem {
  readonly line: number
  readonly rule: string
  readonly message: string
}

/** Reads frontmatter by YAML's core schema alone: no tags, few aliases, shallow, short. */
export function parseFrontmatter(text: string): Frontmatter | FrontmatterProblem {
  if (Buffer.byteLength(text) > maxBytes)
    return problem(1, 'frontmatter-size', 'the frontmatter has more than 64 KiB')
  const counter = new LineCounter()
  const document = parseQuietly(text, counter)
  if (document === null) return tooDeep()
  const [error] = document.errors
  if (error !== undefined) {
    const line = counter.linePos(error.pos[0]).line
    return problem(line, 'frontmatter-yaml', error.message.split('\n')[0] ?? 'this is no valid YAML')
  }
  const unsafe = findUnsafe(document, counter)
  if (unsafe !== null) return unsafe
  if (!isMap(document.contents))
    return problem(1, 'frontmatter-mapping', 'the frontmatter must be a YAML mapping, as in `name: my-skill`')
  const lines: Record<string, number> = {}
  for (const { key } of document.contents.items) {
    if (isScalar(key)) lines[String(key.value)] = lineOf(counter, key.range?.[0]) + linesBefore
  }
  return { fields: document.toJS({ maxAliasCount: maxAliases }) as Record<string, unknown>, lines }
}

export const isProblem = (read: Frontmatter | FrontmatterProblem): read is FrontmatterProblem =>
  'rule' in read

function parseQuietly(text: string, lineCounter: LineCounter): Document | null {
  try {
    return parseDocument(text, { schema: 'core', lineCounter, prettyErrors: false, logLevel: 'silent' })
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

function findUnsafe(document: Document, counter: LineCounter): FrontmatterProblem | null {
  let found: FrontmatterProblem | null = null
  let aliases = 0
  visit(document, (_key, node, path) => {
    if (isAlias(node)) aliases += 1
    if (isNode(node) && !isAlias(node) && node.tag !== undefined) {
      found = problem(
        lineOf(counter, node.range?.[0]),
        'frontmatter-tag',
        `YAML tags such as ${node.tag} are refused`,
      )
    } else if (aliases > maxAliases) {
      found = problem(1, 'frontmatter-aliases', `more than ${maxAliases} YAML aliases`)
    } else if (path.filter(isNode).length > maxDepth) found = tooDeep()
    return found === null ? undefined : visit.BREAK
  })
  return found
}

const problem = (line: number, rule: string, message: string): FrontmatterProblem => ({
  line: line + linesBefore,
  rule,
  message,
})

const tooDeep = (): FrontmatterProblem =>
  problem(1, 'frontmatter-depth', `the frontmatter is nested deeper than ${maxDepth} levels`)

const lineOf = (counter: LineCounter, offset = 0): number => counter.linePos(offset).line

/** A `SKILL.md` of these fields and this body, and where the trimmed body stands in it. */
export function composeSkillMd(fields: Readonly<Record<string, unknown>>, body: string) {
  const head = `---\n${stringify(fields, { lineWidth: 0 })}---\n\n`
  const trimmed = body.trim()
  return { skillMd: `${head}${trimmed}\n`, bodyStart: head.length, bodyEnd: head.length + trimmed.length }
}

/** The frontmatter with other values for some fields; comments, order and the rest stay as they were. */
export function editFrontmatter(text: string, changes: Readonly<Record<string, unknown>>): string {
  const document = parseDocument(text, { schema: 'core' })
  for (const [key, value] of Object.entries(changes)) document.set(key, value)
  return document.toString({ lineWidth: 0 })
}

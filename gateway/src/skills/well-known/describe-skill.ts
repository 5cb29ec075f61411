import { isProblem, parseFrontmatter } from '../validate/frontmatter.ts'

const longestDescription = 1_024
const longestParagraph = 200
const nothing = 'No description available'
const fence = /^---[ \t]*$/

/**
 * What an index says about a skill: `description` of the frontmatter, else the first paragraph behind it. Frontmatter
 * itself, broken or not, is never part of it.
 */
export function describeSkill(skillMd: string): string {
  const lines = skillMd.replace(/^\ufeff/, '').split(/\r?\n/)
  const { frontmatter, body } = splitLines(lines)
  const written = frontmatter === null ? null : writtenDescription(frontmatter.join('\n'))
  return written ?? firstParagraph(body) ?? nothing
}

/** A fence that is never closed ends with the first blank line. */
function splitLines(lines: readonly string[]): {
  readonly frontmatter: readonly string[] | null
  readonly body: readonly string[]
} {
  if (!fence.test(lines[0] ?? '')) return { frontmatter: null, body: lines }
  const closing = lines.findIndex((line, index) => index > 0 && fence.test(line))
  if (closing !== -1) return { frontmatter: lines.slice(1, closing), body: lines.slice(closing + 1) }
  const blank = lines.findIndex((line) => line.trim() === '')
  return { frontmatter: null, body: blank === -1 ? [] : lines.slice(blank) }
}

function writtenDescription(frontmatter: string): string | null {
  const read = parseFrontmatter(frontmatter)
  const description = isProblem(read) ? null : read.fields['description']
  if (typeof description !== 'string') return null
  const collapsed = collapse(description)
  return collapsed === '' ? null : collapsed
}

/** Whitespace collapsed, and no longer than an index may carry. */
export function collapse(description: string): string {
  return [...description.replace(/\s+/g, ' ').trim()].slice(0, longestDescription).join('')
}

/** Headings neither belong to a paragraph nor end one. */
function firstParagraph(lines: readonly string[]): string | null {
  const paragraph: string[] = []
  for (const line of lines.map((text) => text.trim())) {
    if (line.startsWith('#') || fence.test(line)) continue
    if (line !== '') paragraph.push(line)
    else if (paragraph.length > 0) break
  }
  if (paragraph.length === 0) return null
  const letters = [...paragraph.join(' ')]
  return letters.length <= longestParagraph
    ? letters.join('')
    : `${letters.slice(0, longestParagraph - 3).join('')}...`
}

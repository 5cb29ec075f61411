import { basename } from 'node:path'
import { digestContent } from '../../../skills/tree-digest.ts'
import { isProblem, parseFrontmatter, splitSkillMd } from '../../../skills/validate/frontmatter.ts'
import { firstParagraph } from '../../../skills/validate/validate-skill-md.ts'
import { CommandFailure } from '../gateway-client.ts'
import type { LocalFolder } from './read-folder.ts'

/** One row of a synchronisation, as the gateway reads it. */
export interface SyncItem {
  readonly name: string
  readonly description: string
  readonly body_markdown: string
  readonly content_hash: string
  readonly local_updated_at: string
  readonly frontmatter: Readonly<Record<string, unknown>>
  readonly [member: string]: unknown
}

/** Keys of the frontmatter that are members of their own, and what they are called there. */
const members: readonly (readonly [key: string, member: string])[] = [
  ['title', 'display_name'],
  ['display_name', 'display_name'],
  ['category', 'category'],
  ['tags', 'tags'],
  ['trigger_phrases', 'trigger_phrases'],
  ['skill-type', 'skill_type'],
  ['skill-scope', 'skill_scope'],
  ['invocation', 'invocation'],
]

/** What a folder says of its skill; the gateway does the checking. Error: a frontmatter that is no YAML mapping. */
export function toSyncItem(local: LocalFolder): SyncItem {
  const frontmatter = readFrontmatter(local)
  const body = bodyOf(local.skillMd)
  const evaluation = local.files.find(({ path }) => path === 'eval.yaml')?.content.toString('utf8')
  return {
    name: textOf(frontmatter['name']) ?? basename(local.folder),
    description: textOf(frontmatter['description']) ?? firstParagraph(body),
    body_markdown: body,
    content_hash: digestContent(body),
    local_updated_at: local.modifiedAt.toISOString(),
    frontmatter,
    ...Object.fromEntries(
      members
        .filter(([key]) => frontmatter[key] !== undefined)
        .map(([key, member]) => [member, frontmatter[key]]),
    ),
    ...(evaluation === undefined
      ? {}
      : { eval_yaml_text: evaluation, eval_yaml_hash: digestContent(evaluation) }),
  }
}

/** What the frontmatter says. Error: it is no YAML mapping. */
function readFrontmatter({ skillMd, skillFile }: LocalFolder): Readonly<Record<string, unknown>> {
  const { frontmatter } = splitSkillMd(skillMd)
  const read = frontmatter === null ? null : parseFrontmatter(frontmatter)
  if (read === null) return {}
  if (isProblem(read)) throw new CommandFailure(`${skillFile}:${read.line}: ${read.message}`)
  return read.fields
}

/** Trimmed at both ends: what hashes name. */
function bodyOf(skillMd: string): string {
  const { bodyStart, bodyEnd } = splitSkillMd(skillMd)
  return skillMd.slice(bodyStart, bodyEnd)
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined

import { z } from 'zod'
import { digestContent } from '../tree-digest.ts'
import { isProblem, parseFrontmatter, splitSkillMd } from '../validate/frontmatter.ts'
import { body, description, line, longText, metadataFields, skillName } from '../write/skill-fields.ts'

const { display_name, category, trigger_phrases, skill_type, skill_scope, invocation, tags, stability } =
  metadataFields

/** One row of a sync, as it may be sent; members that are not here (`source_path`) are dropped unread. */
const rowSchema = z.object({
  name: skillName,
  description: description.nullish(),
  body_markdown: body,
  frontmatter: z.record(z.string(), z.unknown()).nullish(),
  content_hash: line.nullish(),
  local_updated_at: z.union([z.string().max(64), z.number()]).nullish(),
  eval_yaml_text: longText.nullish(),
  ...{ display_name, category, trigger_phrases, skill_type, skill_scope, invocation, tags, stability },
})

export interface SyncItem {
  readonly name: string
  readonly description: string
  readonly body: string
  readonly contentHash: string
  readonly frontmatter: Readonly<Record<string, unknown>>
  /** Epoch milliseconds, null when the client did not say. */
  readonly localUpdatedAt: number | null
  readonly evalYaml: string | null
  readonly metadata: Pick<
    z.output<typeof rowSchema>,
    | 'display_name'
    | 'category'
    | 'trigger_phrases'
    | 'skill_type'
    | 'skill_scope'
    | 'invocation'
    | 'tags'
    | 'stability'
  >
}

export interface RefusedItem {
  readonly name: string
  readonly error: string
}

/** Reads one row with its older names (`body`, `hash`). A row that cannot be used says why. */
export function readSyncItem(row: unknown): SyncItem | RefusedItem {
  const given = typeof row === 'object' && row !== null ? (row as Record<string, unknown>) : {}
  const name = typeof given['name'] === 'string' ? given['name'].slice(0, 200) : ''
  const parsed = rowSchema.safeParse({
    ...given,
    body_markdown: given['body_markdown'] ?? given['body'],
    content_hash: given['content_hash'] ?? given['hash'],
  })
  if (!parsed.success) return { name, error: describeIssues(parsed.error) }
  const { data } = parsed
  const split = withoutFrontmatter(data.body_markdown)
  const contentHash = digestContent(split.body)
  const claimed = data.content_hash?.replace(/^sha256:/, '').toLowerCase()
  if (claimed != null && claimed !== contentHash && claimed !== digestContent(data.body_markdown)) {
    return { name, error: 'content_hash is not the SHA-256 of the body; send the body it was made of' }
  }
  const { name: _, description: __, ...frontmatter } = { ...split.fields, ...data.frontmatter }
  const about =
    data.description ?? readText(data.frontmatter?.['description']) ?? readText(split.fields['description'])
  if (about === null) return { name, error: 'description: a description is required' }
  const item = { name: data.name, description: about, body: split.body, contentHash, frontmatter }
  const localUpdatedAt = readTime(data.local_updated_at)
  return { ...item, localUpdatedAt, evalYaml: data.eval_yaml_text ?? null, metadata: data }
}

export const isRefused = (item: SyncItem | RefusedItem): item is RefusedItem => 'error' in item

/** Some clients send the whole file where the body belongs. */
function withoutFrontmatter(text: string): { body: string; fields: Readonly<Record<string, unknown>> } {
  const { frontmatter, bodyStart, bodyEnd } = splitSkillMd(text)
  const read = frontmatter === null ? null : parseFrontmatter(frontmatter)
  if (read === null || isProblem(read) || read.fields['name'] === undefined || bodyStart === bodyEnd) {
    return { body: text.trim(), fields: {} }
  }
  return { body: text.slice(bodyStart, bodyEnd), fields: read.fields }
}

function readText(value: unknown): string | null {
  const parsed = description.safeParse(value)
  return parsed.success ? parsed.data : null
}

/** ISO 8601, or seconds since the epoch. */
function readTime(value: string | number | null | undefined): number | null {
  if (value == null) return null
  const time = typeof value === 'number' ? value * 1000 : Date.parse(value)
  return Number.isFinite(time) ? time : null
}

function describeIssues(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.') || 'row'}: ${message}`).join('; ')
}

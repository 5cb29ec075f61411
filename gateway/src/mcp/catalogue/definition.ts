import { createHash } from 'node:crypto'
import { canonicalJson } from '../../json/canonical-json.ts'
import { findSuspiciousText } from '../../json/find-suspicious-text.ts'
import type { DefinitionKind, DefinitionPin } from '../registry/server-store.ts'
import { findMarkProblem } from '../upstream/param-headers.ts'

/** A tool, prompt, resource or template as its server describes it; members we do not know are kept. */
export type Description = Readonly<Record<string, unknown>>

export interface Definition {
  readonly kind: DefinitionKind
  readonly name: string
  readonly description: Description
  /** SHA-256 hex over what callers and models see of it. */
  readonly digest: string
  /** What looks wrong about it, in words. */
  readonly findings: readonly string[]
  /** Its schema is too large, leads out of itself, or asks for headers that cannot be. */
  readonly isUnfit: boolean
}

const pinnedMembers = [
  ...['name', 'title', 'description', 'inputSchema', 'outputSchema', 'annotations', '_meta'],
  ...['arguments', 'uriTemplate', 'mimeType', 'icons'],
]
const maxSchemaBytes = 262_144
const maxSchemaDepth = 32
const maxProperties = 1_000

/** `name` is that of the definition at its server. */
export function readDefinition(kind: DefinitionKind, name: string, description: Description): Definition {
  const problems = kind === 'tool' ? findSchemaProblems(description['inputSchema']) : []
  return {
    kind,
    name,
    description,
    digest: digestDefinition(description),
    findings: [...findSuspiciousText(description), ...problems],
    isUnfit: problems.length > 0,
  }
}

function digestDefinition(description: Description): string {
  const pinned = Object.fromEntries(
    pinnedMembers.flatMap((member) => (member in description ? [[member, description[member]]] : [])),
  )
  return createHash('sha256').update(canonicalJson(pinned)).digest('hex')
}

/** What approves a definition. */
export function pinOf(serverId: string, definition: Definition, pinnedBy: string | null): DefinitionPin {
  const { kind, name, digest, description } = definition
  return { serverId, kind, name, digest, definition: description, pinnedBy }
}

/** The members in which two descriptions differ, of those that are pinned. */
export function listChanged(before: Description, after: Description): string[] {
  return pinnedMembers.filter((member) => canonicalJson(before[member]) !== canonicalJson(after[member]))
}

/** What makes a schema unfit to be used: too large, too deep, fetched from the network, or with impossible headers. */
function findSchemaProblems(schema: unknown): string[] {
  if (schema === undefined) return []
  const problems = new Set<string>()
  if (JSON.stringify(schema).length > maxSchemaBytes)
    problems.add(`a schema of more than ${maxSchemaBytes} bytes`)
  let properties = 0
  const visit = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null) return
    if (depth > maxSchemaDepth) return void problems.add(`a schema deeper than ${maxSchemaDepth} levels`)
    for (const [name, member] of Object.entries(value)) {
      if (!Array.isArray(value)) properties += 1
      if (name === '$ref' && typeof member === 'string' && !member.startsWith('#'))
        problems.add('a $ref that leads out of the schema')
      visit(member, depth + 1)
    }
  }
  visit(schema, 0)
  if (properties > maxProperties * 4) problems.add('a schema with too many members')
  const mark = findMarkProblem(schema)
  if (mark !== null) problems.add(mark)
  return [...problems]
}

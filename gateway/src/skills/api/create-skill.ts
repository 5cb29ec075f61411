import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Caller } from '../../identity/caller.ts'
import { addToAgent } from '../agents/add-to-agent.ts'
import { readAgentName } from '../agents/agent-name.ts'
import { composeSkillMd } from '../validate/frontmatter.ts'
import { directoryOf } from '../validate/skill-name.ts'
import { readMetadata } from '../write/read-metadata.ts'
import { body, description, line, metadataFields, skillName } from '../write/skill-fields.ts'
import { authorOf, creatorOf, requireSkill, type SkillRoutesDependencies } from './skill-context.ts'
import { formatSkill } from './skill-row.ts'

export const createBody = z.object({
  name: skillName,
  description,
  body_markdown: body,
  author: line.nullish(),
  change_summary: line.nullish(),
  agent_name: line.nullish(),
  ...metadataFields,
})

/** `POST /skills`, answered with the row of the skill and what its first version is. Errors: 409 when the name is taken, 422 for a body that is too short to be of use. */
export async function createSkill(
  { store, writer, settings, placing }: SkillRoutesDependencies,
  workspaceId: string,
  fields: z.output<typeof createBody>,
  caller: Caller,
): Promise<object> {
  const { name } = fields
  const text = fields.body_markdown.trim()
  requireLength(text, settings().minBodyChars)
  const known = await store.find(workspaceId, name)
  // An own skill may take the place of one that is used from the registry.
  if (known?.name === name && !known.isLinked) throw nameTaken(name)
  const about = { name: directoryOf(name), description: fields.description }
  const written = await writer
    .create(workspaceId, {
      name,
      description: fields.description,
      text: composeSkillMd(about, text),
      files: [],
      metadata: readMetadata(fields),
      source: 'api',
      createdBy: creatorOf(caller),
      author: authorOf(caller, fields.author),
      changeSummary: fields.change_summary ?? null,
    })
    .catch((error: unknown) => {
      throw error instanceof GatewayError && error.code === 'conflict' ? nameTaken(name) : error
    })
  const { versionId, versionNumber, contentHash, safetyStatus } = written.version
  const created = await requireSkill(store, workspaceId, written.skillId)
  const agent = fields.agent_name == null ? null : readAgentName(fields.agent_name)
  const made = [{ skillId: written.skillId, name }]
  const placed = agent === null ? {} : await addToAgent(placing, workspaceId, agent, made, 'all')
  return {
    ...formatSkill(created),
    version: versionNumber,
    version_id: versionId,
    content_hash: contentHash,
    safety_status: safetyStatus,
    ...placed,
  }
}

function requireLength(text: string, minimum: number): void {
  if (text.length >= minimum) return
  const message = `The body has ${text.length} characters; at least ${minimum} are needed (skills.min_body_chars).`
  const issue = { type: 'too_small', loc: ['body', 'body_markdown'], msg: message }
  throw new GatewayError('validation_failed', message, { extras: { issues: [issue] } })
}

function nameTaken(name: string): GatewayError {
  return new GatewayError(
    'conflict',
    `A skill ${name} exists already; change it with PUT, or choose another name.`,
    {
      param: 'name',
    },
  )
}

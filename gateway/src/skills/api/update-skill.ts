import { z } from 'zod'
import type { Caller } from '../../identity/caller.ts'
import { readMetadata } from '../write/read-metadata.ts'
import { body, description, line, metadataFields } from '../write/skill-fields.ts'
import {
  authorOf,
  noSuchSkill,
  requireOwnSkill,
  retryChanged,
  type SkillRoutesDependencies,
} from './skill-context.ts'

export const updateBody = z.object({
  description: description.nullish(),
  body_markdown: body.nullish(),
  change_summary: line.nullish(),
  author: line.nullish(),
  ...metadataFields,
})

/** `PUT /skills/{skill}`. Another body or description makes a version, everything else is changed in place. */
export function updateSkill(
  { store, writer }: SkillRoutesDependencies,
  workspaceId: string,
  reference: string,
  fields: z.output<typeof updateBody>,
  caller: Caller,
): Promise<object> {
  return retryChanged(async () => {
    const skill = await requireOwnSkill(store, workspaceId, reference)
    const metadata = readMetadata(fields)
    if (fields.body_markdown == null && fields.description == null) {
      const changed = await store.updateMetadata(workspaceId, skill.skillId, metadata)
      if (changed === null) throw noSuchSkill(reference)
      return { status: 'ok', skill_id: skill.skillId }
    }
    const { version, isNewVersion } = await writer.revise(workspaceId, skill, {
      ...(fields.description == null ? {} : { description: fields.description }),
      ...(fields.body_markdown == null ? {} : { body: fields.body_markdown }),
      metadata,
      author: authorOf(caller, fields.author),
      changeSummary: fields.change_summary ?? null,
    })
    const { safetyStatus, versionId } = version
    const made = { latest_version_id: versionId, version: version.versionNumber, safety_status: safetyStatus }
    return { status: 'ok', skill_id: skill.skillId, ...(isNewVersion ? made : {}) }
  })
}

import type { DecisionRow } from '@routeiq/router'
import type { CatalogueAttachment } from '../skills/catalogue.ts'
import { type HotSkill, versionFor } from './hot-skill.ts'

const maxTextPerAnswer = 65_536

/**
 * The `skills` of an envelope, in the versions `agent` is served; bodies are never in it, and text of files as far as
 * 64 KiB.
 */
export function toSkillRows(
  rows: readonly DecisionRow<HotSkill>[],
  agent: string | null,
  includeAttachments: boolean,
): object[] {
  let textLeft = maxTextPerAnswer
  return rows.map((row) => {
    const { skill } = row
    const { versionId, versionNumber, contentHash } = versionFor(skill, agent)
    const attachments = skill.attachments.map((attachment) => {
      const text = attachment.contentText
      const fits = text !== undefined && text.length <= textLeft
      if (fits && includeAttachments) textLeft -= text.length
      return toAttachment(attachment, fits)
    })
    return {
      name: skill.name,
      skill_id: skill.skillId,
      version_id: versionId,
      version: versionNumber,
      content_hash: contentHash,
      description: skill.fullDescription,
      category: skill.category,
      score: round(row.score),
      relevance: round(row.relevance),
      rank: row.rank,
      selected: row.selected,
      ...(includeAttachments ? { attachments } : {}),
    }
  })
}

function toAttachment(attachment: CatalogueAttachment, withText: boolean): object {
  return {
    file_path: attachment.filePath,
    directory: attachment.directory,
    content_type: attachment.contentType,
    size_bytes: attachment.sizeBytes,
    ...(withText ? { content_text: attachment.contentText } : {}),
  }
}

/** Four decimals say all there is to say about a score. */
export const round = (value: number): number => Math.round(value * 10_000) / 10_000

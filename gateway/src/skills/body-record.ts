/** What the record of a body is made of. */
export interface BodySource {
  readonly skillId: string
  readonly name: string
  readonly description: string
  readonly versionId: string
  readonly versionNumber: number
  readonly contentHash: string
  readonly body: string
  readonly attachments: readonly {
    readonly filePath: string
    readonly directory: string
    readonly sizeBytes: number
  }[]
}

/**
 * The wire form of a body. With `maxChars` a longer one is cut between characters and says so, in three ways, since
 * clients look for different ones; the hash always names the full body.
 */
export function formatBodyRecord(source: BodySource, maxChars: number | null): object {
  const { body, name, description, skillId, versionId, versionNumber, contentHash } = source
  const characters = maxChars !== null && body.length > maxChars ? [...body] : null
  const total = characters?.length ?? countCharacters(body)
  const isCut = characters !== null && maxChars !== null && total > maxChars
  const text = isCut
    ? `${characters.slice(0, maxChars).join('')}\n\n[... truncated ${total - maxChars} of ${total} chars — request without max_chars for the full body]`
    : body
  return {
    ...{ body: text, name, description, skill_id: skillId, version_id: versionId, version: versionNumber },
    content_hash: contentHash,
    truncated: isCut,
    total_chars: total,
    content_hash_matches_body: !isCut,
    attachments: source.attachments.map(({ filePath, directory, sizeBytes }) => ({
      file_path: filePath,
      directory,
      size_bytes: sizeBytes,
    })),
  }
}

/** Code points, as clients in other languages count them. */
function countCharacters(text: string): number {
  let count = 0
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code < 0xdc00 || code > 0xdfff) count += 1
  }
  return count
}

import type { PoolClient } from 'pg'
import type { VersionDraft } from '../../skills/skill-store.ts'

const partBytes = 1_048_576
/** What one statement may carry; blobs of many skills share one. */
const statementBytes = 8 * partBytes

interface Part {
  readonly digest: string
  readonly part: number
  readonly content: Buffer
}

/** Stores the bytes of files that are not stored yet. */
export async function storeBlobs(client: PoolClient, files: VersionDraft['files']): Promise<void> {
  const blobs = new Map(files.flatMap(({ digest, content }) => (content === null ? [] : [[digest, content]])))
  let batch: Part[] = []
  let size = 0
  for (const [digest, content] of blobs) {
    for (const part of split(digest, content)) {
      batch.push(part)
      size += part.content.length
      if (size < statementBytes) continue
      await insertParts(client, batch)
      batch = []
      size = 0
    }
  }
  if (batch.length > 0) await insertParts(client, batch)
}

/** An empty file has one empty part. */
function split(digest: string, content: Uint8Array): Part[] {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  const count = Math.max(1, Math.ceil(bytes.length / partBytes))
  return Array.from({ length: count }, (_, part) => ({
    digest,
    part,
    content: bytes.subarray(part * partBytes, (part + 1) * partBytes),
  }))
}

async function insertParts(client: PoolClient, parts: readonly Part[]): Promise<void> {
  await client.query(
    `INSERT INTO skill_blobs (digest, part, content)
     SELECT * FROM unnest($1::text[], $2::int[], $3::bytea[]) ON CONFLICT DO NOTHING`,
    [parts.map(({ digest }) => digest), parts.map(({ part }) => part), parts.map(({ content }) => content)],
  )
}

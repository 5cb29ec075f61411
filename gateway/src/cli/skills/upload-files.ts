import { digestContent } from '../../skills/tree-digest.ts'
import type { LocalFile } from './disk/read-folder.ts'
import { type GatewayClient, type Json, skillPath } from './gateway-client.ts'

/** Where a skill's files may lie; what lies elsewhere stays on disk. */
const attachable = /^(scripts|references|templates|assets)\//

/** Sends those of a skill's files that the gateway does not have yet, all in one. Returns how many. */
export async function uploadFiles(
  gateway: GatewayClient,
  name: string,
  files: readonly LocalFile[],
  note: (line: string) => void,
): Promise<number> {
  const stray = files.filter(({ path }) => !attachable.test(path) && path !== 'eval.yaml')
  if (stray.length > 0)
    note(
      `${name}: not sent, since not in scripts/, references/, templates/ or assets/: ${stray.map(({ path }) => path).join(', ')}`,
    )
  const known = await gateway.get(skillPath(name, '/attachments'))
  const digests = new Map(
    ((known['attachments'] ?? []) as readonly Json[]).map((row) => [
      row['file_path'],
      String(row['digest']).replace(/^sha256:/, ''),
    ]),
  )
  const changed = files.filter(
    ({ path, content }) => attachable.test(path) && digests.get(path) !== digestContent(content),
  )
  if (changed.length === 0) return 0
  await gateway.post(skillPath(name, '/attachments/bulk'), { files: changed.map(toUpload) })
  return changed.length
}

function toUpload({ path, content }: LocalFile): Json {
  const text = content.toString('utf8')
  const isText = Buffer.from(text, 'utf8').equals(content)
  return {
    file_path: path,
    directory: path.slice(0, path.indexOf('/')),
    ...(isText ? { content_text: text } : { content_base64: content.toString('base64') }),
  }
}

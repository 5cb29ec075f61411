import { z } from 'zod'
import { refusePath } from '../archive/check-path.ts'
import type { NewFile } from '../write/compose-version.ts'
import { line } from '../write/skill-fields.ts'

const directories = ['scripts', 'references', 'templates', 'assets'] as const

/** One file; its path may repeat the directory or leave it out. */
const file = z
  .object({
    file_path: z.string(),
    directory: z.enum(directories).nullish(),
    content_text: z.string().nullish(),
    content_base64: z.base64().nullish(),
    content_type: line.nullish(),
  })
  .superRefine((value, context) => {
    const complain = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message })
    if ((value.content_text == null) === (value.content_base64 == null))
      complain('content_text', 'give either content_text or content_base64')
    const refusal = refusePath(fullPath(value))
    if (refusal !== null) complain('file_path', refusal)
    else if (!directories.some((directory) => fullPath(value).startsWith(`${directory}/`)))
      complain('directory', `choose one of ${directories.join(', ')}`)
    if (value.content_type != null && !/^[\w.+-]+\/[\w.+-]+(?:; ?[\w-]+=[\w-]+)*$/.test(value.content_type))
      complain('content_type', 'write a content type as in text/plain')
  })

export const attachmentBody = file.and(z.object({ skill_version_id: z.string().nullish() }))
export const attachmentsBody = z.object({ files: z.array(file).min(1).max(512) })

export type AttachmentFile = z.output<typeof file>

function fullPath({
  file_path,
  directory,
}: {
  file_path: string
  directory?: string | null | undefined
}): string {
  return directory == null || file_path.startsWith(`${directory}/`) ? file_path : `${directory}/${file_path}`
}

export function toNewFile(given: AttachmentFile): NewFile {
  const { content_text, content_base64, content_type } = given
  return {
    path: fullPath(given),
    content: Buffer.from(content_text ?? content_base64 ?? '', content_text == null ? 'base64' : 'utf8'),
    ...(content_type == null ? {} : { contentType: content_type }),
  }
}

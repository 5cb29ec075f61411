import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import { MalformedMultipart, PartScanner, readBoundary } from '../../multipart/part-scanner.ts'
import { FileTree, largestTotalBytes } from '../archive/file-tree.ts'
import { readTarGz } from '../archive/read-tar.ts'
import { readZip } from '../archive/read-zip.ts'

/** What a skill may weigh, in base64 and with the form around it. */
export const maxUploadBytes = 45_000_000

/** What was uploaded: files, and the fields beside them. */
export interface Upload {
  readonly tree: FileTree
  readonly fields: Readonly<Record<string, string>>
}

const jsonUpload = z.object({
  files: z
    .array(
      z
        .object({ path: z.string(), content: z.string().nullish(), content_base64: z.base64().nullish() })
        .refine(
          ({ content, content_base64 }) => (content == null) !== (content_base64 == null),
          'give either content or content_base64',
        ),
    )
    .min(1),
})

/**
 * Reads an upload by its content type: a form whose file names are paths, a zip, a gzipped tar, or JSON. A form or JSON
 * may hold one archive in the place of files. Errors: RefusedArchive, and 400 for what is no upload at all.
 */
export function readUpload(contentType: string, body: Buffer, maxTotalBytes = largestTotalBytes): Upload {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? ''
  if (type === 'multipart/form-data') return readForm(contentType, body, maxTotalBytes)
  if (type === 'application/zip' || type === 'application/x-zip-compressed')
    return { tree: readZip(body, maxTotalBytes), fields: {} }
  if (type === 'application/gzip' || type === 'application/x-gzip')
    return { tree: readTarGz(body, maxTotalBytes), fields: {} }
  if (type === 'application/json') return readJson(body, maxTotalBytes)
  const message =
    'Send files as multipart/form-data, application/zip, application/gzip, or JSON with `files`.'
  throw new GatewayError('invalid_request', message, { param: 'content-type' })
}

function readForm(contentType: string, body: Buffer, maxTotalBytes: number): Upload {
  const fields: Record<string, string> = {}
  const files: { path: string; content: Buffer }[] = []
  try {
    const scanner = new PartScanner(readBoundary(contentType) ?? '')
    scanner.scan(body)
    if (!scanner.complete) throw new MalformedMultipart('The form has no end.')
    for (const part of scanner.parts) {
      const content = body.subarray(part.contentStart, part.contentEnd ?? part.contentStart)
      if (!part.isFile) fields[part.name] = content.toString('utf8')
      else files.push({ path: part.fileName ?? '', content })
    }
  } catch (error) {
    if (error instanceof MalformedMultipart) throw new GatewayError('invalid_request', error.message)
    throw error
  }
  return { tree: collect(files, maxTotalBytes), fields }
}

function readJson(body: Buffer, maxTotalBytes: number): Upload {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch {
    throw new GatewayError('invalid_request', 'The body is not valid JSON.')
  }
  const parsed = jsonUpload.safeParse(value)
  if (!parsed.success)
    throw new GatewayError('invalid_request', z.prettifyError(parsed.error), { param: 'files' })
  const files = parsed.data.files.map(({ path, content, content_base64 }) => ({
    path,
    content: Buffer.from(content ?? content_base64 ?? '', content == null ? 'base64' : 'utf8'),
  }))
  const given = value as Record<string, unknown>
  const fields = Object.entries(given).flatMap(([name, field]) =>
    typeof field === 'string' || typeof field === 'boolean' ? [[name, String(field)] as const] : [],
  )
  return { tree: collect(files, maxTotalBytes), fields: Object.fromEntries(fields) }
}

/** One archive alone is unpacked. */
function collect(
  files: readonly { readonly path: string; readonly content: Buffer }[],
  maxTotalBytes: number,
): FileTree {
  const [only] = files
  if (files.length === 1 && only !== undefined) {
    if (/\.(?:zip|skill)$/i.test(only.path)) return readZip(only.content, maxTotalBytes)
    if (/\.(?:tgz|tar\.gz)$/i.test(only.path)) return readTarGz(only.content, maxTotalBytes)
  }
  const tree = new FileTree(maxTotalBytes)
  for (const { path, content } of files) tree.add({ path, content, isExecutable: false })
  return tree
}

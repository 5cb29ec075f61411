import { isUtf8 } from 'node:buffer'
import type { ExchangedBytes } from '../../transport/fetch-bytes.ts'
import type { UpstreamRequest } from '../../transport/transport.ts'
import { type ExchangeBytes, type RemoteDocument, RemoteSourceError } from '../remote-source.ts'

/** Sends the request of a source. Errors: rejects with RemoteSourceError saying why there is no answer. */
export async function ask(exchange: ExchangeBytes, request: UpstreamRequest): Promise<ExchangedBytes> {
  try {
    return await exchange(request)
  } catch (error) {
    throw new RemoteSourceError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/** The document of an answer with status 200, null for 304. Errors: throws a RemoteSourceError for any other. */
export function readDocument({ status, fields, bytes }: ExchangedBytes): RemoteDocument | null {
  if (status === 304) return null
  if (status !== 200) throw refusal(status, bytes)
  return { text: readText(bytes), etag: fields.get('etag') ?? null }
}

/** Errors: throws a RemoteSourceError for what is no text, or none at all. */
export function readText(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new RemoteSourceError('the document is not UTF-8 text')
  const text = bytes.toString('utf8')
  // Somebody's upload was cut short; a gateway without models is not what anybody meant.
  if (text.trim() === '') throw new RemoteSourceError('the document is empty')
  return text
}

/** A status, and the code that S3 gives with it. */
export function refusal(status: number, bytes: Buffer): RemoteSourceError {
  const code = /<Code>(\w{1,64})<\/Code>/.exec(bytes.toString('utf8'))?.[1]
  return new RemoteSourceError(`status ${status}${code === undefined ? '' : ` (${code})`}`)
}

export const conditionOf = (etag: string | null): readonly string[] =>
  etag === null ? [] : ['if-none-match', etag]

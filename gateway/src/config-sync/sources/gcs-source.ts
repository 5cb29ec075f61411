import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Authorization } from '../../transport/authorization.ts'
import type { ExchangedBytes } from '../../transport/fetch-bytes.ts'
import { type ExchangeBytes, type RemoteSource, RemoteSourceError } from '../remote-source.ts'
import { ask, readText, refusal } from './read-document.ts'

const googleOrigin = 'https://storage.googleapis.com'
const objectSchema = z.object({ etag: z.string(), generation: z.string(), md5Hash: z.string().optional() })

export interface GcsObject {
  readonly bucket: string
  readonly key: string
  /** Null for Google Cloud. */
  readonly endpoint: string | null
}

/**
 * An object of Google Cloud Storage (JSON API v1). What the object is now comes first; its content is asked for only when
 * that has changed, in that very generation, and held against its MD5.
 */
export function createGcsSource(
  { bucket, key, endpoint }: GcsObject,
  grant: Authorization | null,
  exchange: ExchangeBytes,
): RemoteSource {
  const { origin } = new URL(endpoint ?? googleOrigin)
  const object = `/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(key)}`
  const read = async (query: string): Promise<Buffer> => {
    const answer = await ask(exchange, {
      ...{ origin, method: 'GET', path: `${object}?${query}` },
      ...{ headers: ['user-agent', 'routeiq'], body: null, authorization: grant },
    })
    return requireFound(answer)
  }
  return {
    kind: 'gcs',
    location: `gs://${bucket}/${key}`,
    fetch: async (known) => {
      const { etag, generation, md5Hash } = readObject(await read('fields=etag,generation,md5Hash'))
      if (etag === known) return null
      const bytes = await read(`alt=media&generation=${encodeURIComponent(generation)}`)
      if (md5Hash !== undefined && md5Hash !== createHash('md5').update(bytes).digest('base64'))
        throw new RemoteSourceError('the content does not have the checksum of the object')
      return { text: readText(bytes), etag }
    },
  }
}

function requireFound({ status, bytes }: ExchangedBytes): Buffer {
  if (status !== 200) throw refusal(status, bytes)
  return bytes
}

function readObject(bytes: Buffer): z.infer<typeof objectSchema> {
  try {
    return objectSchema.parse(JSON.parse(bytes.toString('utf8')))
  } catch (error) {
    throw new RemoteSourceError('the answer does not describe an object', { cause: error })
  }
}

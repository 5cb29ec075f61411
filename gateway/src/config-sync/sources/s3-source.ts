import type { Authorization } from '../../transport/authorization.ts'
import type { ExchangeBytes, RemoteSource } from '../remote-source.ts'
import { ask, conditionOf, readDocument } from './read-document.ts'

export interface S3Object {
  readonly bucket: string
  readonly key: string
  readonly region: string
  /** Null for AWS. */
  readonly endpoint: string | null
}

/** An object of S3, or of a server that speaks S3 (`GetObject`). `signature` is null for what everybody may read. */
export function createS3Source(
  object: S3Object,
  signature: Authorization | null,
  exchange: ExchangeBytes,
): RemoteSource {
  const { origin, path } = placeOf(object)
  return {
    kind: 's3',
    location: `s3://${object.bucket}/${object.key}`,
    fetch: async (etag) => {
      const headers = ['user-agent', 'routeiq', ...conditionOf(etag)]
      const request = { origin, method: 'GET', path, headers, body: null, authorization: signature } as const
      return readDocument(await ask(exchange, request))
    },
  }
}

/** AWS knows a bucket by the host name, except where dots in it would not fit the certificate; other servers by the path. */
function placeOf({ bucket, key, region, endpoint }: S3Object): { origin: string; path: string } {
  const object = key.split('/').map(escapeSegment).join('/')
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  if (endpoint === null && !bucket.includes('.'))
    return { origin: `https://${bucket}.s3.${region}.${domain}`, path: `/${object}` }
  const { origin, pathname } = new URL(endpoint ?? `https://s3.${region}.${domain}`)
  return { origin, path: `${pathname.replace(/\/$/, '')}/${bucket}/${object}` }
}

/** As AWS escapes paths: all but letters, digits and `-._~`. */
function escapeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

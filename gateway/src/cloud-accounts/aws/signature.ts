import { createHash, createHmac } from 'node:crypto'
import type { RequestSignature, TokenGrant } from '../../transport/authorization.ts'
import type { UpstreamRequest } from '../../transport/transport.ts'
import { type AwsCredentials, parseCredentials } from './aws-credentials.ts'

type Signer = InstanceType<typeof import('@smithy/signature-v4').SignatureV4>

/**
 * Signs with AWS Signature Version 4, by AWS's own library, which is loaded with the first request that needs it.
 * `credentials` are keys, or the grant that leads to them.
 */
export function createSignature(
  service: string,
  region: string,
  credentials: AwsCredentials | TokenGrant,
): RequestSignature {
  const grant = 'steps' in credentials ? credentials : null
  let signer: Promise<Signer> | null = null
  let signedWith = ''
  return {
    kind: 'signature',
    grant,
    sign: async (request, now, token) => {
      if (signer === null || token !== signedWith) {
        signer = loadSigner(service, region, 'steps' in credentials ? parseCredentials(token) : credentials)
        signedWith = token
      }
      const headers = readHeaders(request)
      const { origin, method, path, body } = request
      const { protocol, hostname, host } = new URL(origin)
      const [pathname = '', search] = path.split('?', 2)
      const query = Object.fromEntries(new URLSearchParams(search))
      const unsigned = {
        method,
        protocol,
        hostname,
        path: pathname,
        query,
        headers: { ...headers, host },
        body: body !== null && 'pieces' in body ? body.join() : body,
      }
      const signed = await (await signer).sign(unsigned, { signingDate: new Date(now) })
      return Object.entries(signed.headers).flat()
    },
  }
}

async function loadSigner(
  service: string,
  region: string,
  { accessKeyId, secretAccessKey, sessionToken }: AwsCredentials,
): Promise<Signer> {
  const { SignatureV4 } = await import('@smithy/signature-v4')
  const token = sessionToken === null ? {} : { sessionToken }
  const credentials = { accessKeyId, secretAccessKey, ...token }
  // Paths of S3 are signed as they are sent, those of other services escaped once more.
  return new SignatureV4({ service, region, credentials, sha256: Sha256, uriEscapePath: service !== 's3' })
}

/** The first value of a header counts; requests of this gateway have one each. */
function readHeaders({ headers }: UpstreamRequest): Record<string, string> {
  const record: Record<string, string> = {}
  for (let at = 0; at + 1 < headers.length; at += 2) record[headers[at] ?? ''] ??= headers[at + 1] ?? ''
  return record
}

/** Node's SHA-256, and HMAC when there is a secret, in the form the library asks for. */
class Sha256 {
  readonly #secret: Uint8Array | string | undefined
  #hash: { update(data: Uint8Array | string): unknown; digest(): Buffer }

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret === undefined ? undefined : toBytes(secret)
    this.#hash = this.#begin()
  }

  update(data: Uint8Array | string): void {
    this.#hash.update(data)
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest())
  }

  reset(): void {
    this.#hash = this.#begin()
  }

  #begin(): { update(data: Uint8Array | string): unknown; digest(): Buffer } {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret)
  }
}

function toBytes(data: string | ArrayBuffer | ArrayBufferView): Uint8Array | string {
  if (typeof data === 'string') return data
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
}

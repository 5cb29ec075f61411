import { createHash, createHmac } from 'node:crypto'
import type { RequestSignature } from '../../transport/authorization.ts'
import type { UpstreamRequest } from '../../transport/transport.ts'

export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string | undefined
}

type Signer = InstanceType<typeof import('@smithy/signature-v4').SignatureV4>

/** Signs with AWS Signature Version 4, by AWS's own library, which is loaded with the first request that needs it. */
export function createSignature(credentials: AwsCredentials, region: string): RequestSignature {
  let signer: Promise<Signer> | null = null
  return {
    kind: 'signature',
    sign: async (request, now) => {
      signer ??= loadSigner(credentials, region)
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
        body,
      }
      const signed = await (await signer).sign(unsigned, { signingDate: new Date(now) })
      return Object.entries(signed.headers).flat()
    },
  }
}

async function loadSigner(
  { accessKeyId, secretAccessKey, sessionToken }: AwsCredentials,
  region: string,
): Promise<Signer> {
  const { SignatureV4 } = await import('@smithy/signature-v4')
  const token = sessionToken === undefined ? {} : { sessionToken }
  const credentials = { accessKeyId, secretAccessKey, ...token }
  return new SignatureV4({ service: 'bedrock', region, credentials, sha256: Sha256 })
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

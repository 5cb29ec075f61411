import { GatewayError } from '@routeiq/contract'
import type { UserEgressConfig } from '../config/config.ts'
import type { FetchedMedia } from '../pipeline/inline-media.ts'
import { UserEgress } from '../transport/egress/user-egress.ts'
import { fetchBytes } from '../transport/fetch-bytes.ts'
import { createUserTransport } from './network-transport.ts'

const maxBytes = 10 * 1024 * 1024
const timeoutMs = 5_000

/** Fetches what clients' requests refer to, from where addresses of users may lead. */
export class MediaFetcher {
  readonly #transport
  readonly #options

  constructor(policy: UserEgressConfig) {
    const egress = new UserEgress(policy)
    this.#transport = createUserTransport(egress)
    const accept = 'image/*, application/pdf, */*'
    this.#options = { transport: this.#transport, refuseHost: egress.refuseHost, maxBytes, timeoutMs, accept }
  }

  /** Errors: rejects with a GatewayError (400) that names the host and the reason. */
  async fetch(url: string): Promise<FetchedMedia> {
    try {
      const { bytes, contentType } = await fetchBytes(url, this.#options)
      return { mediaType: contentType?.split(';')[0]?.trim() || null, data: bytes.toString('base64') }
    } catch (error) {
      const host = URL.canParse(url) ? new URL(url).host : 'the address'
      throw new GatewayError(
        'invalid_request',
        `ImageFetchError: what the request refers to at ${host} could not be fetched: ${(error as Error).message}. Send its bytes in base64.`,
      )
    }
  }

  close(): Promise<void> {
    return this.#transport.close()
  }
}

import type { RemoteConfig } from '../config/config.ts'
import type { ExchangedBytes } from '../transport/fetch-bytes.ts'
import type { UpstreamRequest } from '../transport/transport.ts'

export interface RemoteDocument {
  readonly text: string
  /** As the place names this version of it; null where it does not. */
  readonly etag: string | null
}

/** A place where a configuration is kept. */
export interface RemoteSource {
  readonly kind: RemoteConfig['kind']
  /** The place for people, without credentials: `s3://bucket/config.yaml`. */
  readonly location: string
  /** What is there; null when it is still what `etag` names. Errors: rejects with RemoteSourceError. */
  fetch(etag: string | null): Promise<RemoteDocument | null>
}

/** The place could not be read; the text is for the operator and holds no credentials. */
export class RemoteSourceError extends Error {}

/** Sends one request. Errors: rejects without addresses. */
export type ExchangeBytes = (request: UpstreamRequest) => Promise<ExchangedBytes>

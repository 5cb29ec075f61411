import { type JsonRecord, readList, readRecord, readString, readText } from '../../conversation/json-value.ts'
import { A2aError } from '../protocol/a2a-error.ts'
import type { Version } from '../protocol/methods.ts'

/** Where a client wants to hear of a task, and how it wrote that down. */
export interface PushConfig {
  readonly configId: string
  readonly url: string
  /** Sent along, so that the client knows the news are its own. */
  readonly token: string | null
  readonly authentication: { readonly scheme: string; readonly credentials: string } | null
  readonly version: Version
  /** Who asked. */
  readonly owner: string
}

/** A push target as a client writes it. Errors: -32602. */
export function readPushConfig(
  value: unknown,
  version: Version,
  owner: string,
  newId: () => string,
): PushConfig {
  const record = readRecord(value)
  const url = readText(record?.['url'])
  if (record === null || url === null)
    throw new A2aError('INVALID_PARAMS', 'params: a push target needs a url.', { metadata: { field: 'url' } })
  const authentication = readRecord(record['authentication'])
  const scheme = readText(authentication?.['scheme']) ?? readText(readList(authentication?.['schemes'])[0])
  return {
    configId: readText(record['id']) ?? newId(),
    url,
    token: readText(record['token']),
    authentication:
      scheme === null ? null : { scheme, credentials: readString(authentication?.['credentials']) ?? '' },
    version,
    owner,
  }
}

/** A push target as clients of a version read it; secrets are not shown again. */
export function formatPushConfig(config: PushConfig, taskId: string, version: Version): JsonRecord {
  const { configId, url, authentication } = config
  if (version === '1.0') {
    const shown = authentication === null ? {} : { authentication: { scheme: authentication.scheme } }
    return { id: configId, taskId, url, ...shown }
  }
  const shown = authentication === null ? {} : { authentication: { schemes: [authentication.scheme] } }
  return { taskId, pushNotificationConfig: { id: configId, url, ...shown } }
}

import type { RemoteAdvice } from '@routeiq/router'

/** A strategy that is served elsewhere. */
export interface RemoteStrategy {
  readonly url: string
  readonly timeoutMs: number
  readonly apiKey: string | null
  /** What it is called there, where the service is a chat model. */
  readonly model: string | null
}

/** What it is asked. */
export interface RemoteQuestion {
  readonly query: string
  /** Names of the candidates. */
  readonly models: readonly string[]
}

/** Asks a remote strategy; null when it gives no usable answer in time. Never rejects. */
export type AskRemote = (remote: RemoteStrategy, question: RemoteQuestion) => Promise<RemoteAdvice | null>

const standardTimeoutMs = 200

/** The remote strategy that arguments name, themselves or for the strategy within; null for none. */
export function findRemote(args: Readonly<Record<string, unknown>>): RemoteStrategy | null {
  const { remote_timeout_ms: timeout, remote_api_key: key, remote_model: model, module } = args
  const url = typeof module === 'string' ? `module:${module}` : args['remote_url']
  if (typeof url === 'string')
    return {
      url,
      timeoutMs: typeof timeout === 'number' && timeout > 0 ? timeout : standardTimeoutMs,
      apiKey: typeof key === 'string' && key !== '' ? key : null,
      model: typeof model === 'string' && model !== '' ? model : null,
    }
  const inner = args['inner_args']
  return typeof inner === 'object' && inner !== null ? findRemote(inner as typeof args) : null
}

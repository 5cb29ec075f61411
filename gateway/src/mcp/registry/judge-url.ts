import { GatewayError } from '@routeiq/contract'
import { refuseOperatorHost } from '../../transport/egress/operator-egress.ts'
import type { UserEgress } from '../../transport/egress/user-egress.ts'

/**
 * Judges the address of a tool server that is registered over REST by its form alone; names are judged again at every
 * dial by what they resolve to. Errors: 400 `invalid_url` for what is no URL, 400 `ssrf_blocked` for where the gateway
 * does not go.
 */
export function requireCallable(
  url: string,
  egress: UserEgress,
  { plainHttp = true }: { readonly plainHttp?: boolean } = {},
): void {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || parsed.hostname === '') {
    throw new GatewayError('invalid_url', 'url must be an absolute http or https URL.', { param: 'url' })
  }
  const refusal = egress.refuseUrl(url, { plainHttp })
  if (refusal === null) return
  throw new GatewayError('ssrf_blocked', `This address may not be called: ${refusal}.`, { param: 'url' })
}

/** Null, or why a URL of the operator's own file may not be called. */
export function refuseOperatorUrl(url: string): string | null {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return 'it is not an http or https URL'
  return refuseOperatorHost(new URL(url).hostname)
}

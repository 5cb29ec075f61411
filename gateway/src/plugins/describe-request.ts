import type { PluginRequest } from '@routeiq/contract'
import type { Exchange } from '../http/exchange.ts'

/** Headers and parameters that hold a credential: whoever answers for a caller has no need of it. */
const secretHeader = /(?:^|-)(?:authorization|cookie|api-key|subscription-key|token|secret)$/
const secretParameter = /key|token|secret|code|password|signature/i

/** A request as plugins see it. `keyHeader` is the header the operator has chosen for keys. */
export function describeRequest(exchange: Exchange, keyHeader: string | null): PluginRequest {
  const { request, requestId, target } = exchange
  const question = target.indexOf('?')
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value === 'string' && name !== keyHeader && !secretHeader.test(name)) headers[name] = value
  }
  return Object.freeze({
    method: request.method,
    path: question === -1 ? target : target.slice(0, question),
    queryString: question === -1 ? '' : withoutSecrets(target.slice(question + 1)),
    headers: Object.freeze(headers),
    clientIp: request.remoteAddress ?? null,
    requestId,
    contentType: exchange.header('content-type'),
  })
}

function withoutSecrets(query: string): string {
  const kept = query.split('&').filter((pair) => !secretParameter.test(pair.split('=', 1)[0] ?? ''))
  return kept.join('&')
}

/** Ready-made head lines by their names in lower case. */
export function readLines(lines: string): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {}
  for (const line of lines.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  return headers
}

import type { Exchange } from '../../http/exchange.ts'
import { A2aError } from '../protocol/a2a-error.ts'

/** A body that says it is something else is not read. Errors: -32005. */
export function requireJson(exchange: Exchange): void {
  const type = exchange.header('content-type')?.toLowerCase() ?? ''
  if (type === '' || /^application\/(?:[\w.-]+\+)?json\b/.test(type)) return
  throw new A2aError('CONTENT_TYPE_NOT_SUPPORTED', 'Send application/json or application/a2a+json.')
}

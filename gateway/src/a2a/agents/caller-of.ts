import type { Caller } from '../../identity/caller.ts'
import type { ControlRequest } from '../../rest/control-endpoint.ts'

/** The caller of a route that is not public. */
export function callerOf({ caller, exchange }: Pick<ControlRequest<unknown>, 'caller' | 'exchange'>): Caller {
  if (caller === null) throw new Error(`${exchange.template} is public and has no caller`)
  return caller
}

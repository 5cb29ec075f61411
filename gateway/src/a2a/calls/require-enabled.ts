import { GatewayError } from '@routeiq/contract'
import type { A2aPlane } from '../a2a-plane.ts'

/** Errors: 404 `a2a_gateway_disabled`. */
export function requireEnabled({ settings }: Pick<A2aPlane, 'settings'>): void {
  if (settings().isEnabled) return
  throw new GatewayError('a2a_gateway_disabled', 'Agents are switched off; set A2A_GATEWAY_ENABLED=true.')
}

import { GatewayError } from '@routeiq/contract'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { maskKey } from '../../identity/caller.ts'
import { controlEndpoint } from '../../rest/control-endpoint.ts'
import type { KeyRing } from '../../secrets/key-ring.ts'
import { handoverPlace, type KeyAdministrationDependencies } from './key-administration.ts'

export interface SuccessorDependencies extends Pick<KeyAdministrationDependencies, 'identity' | 'keys'> {
  readonly keyRing: KeyRing
}

/** `/key/successor`: what a key that rotates goes on with, for whoever holds it, as long as the old text is taken. */
export function successorRoutes({ identity, keys, keyRing }: SuccessorDependencies): Route<Endpoint>[] {
  const handler = controlEndpoint({
    identity,
    body: null,
    answer: async ({ caller }) => {
      const tokenHash = caller?.keyHash ?? ''
      const handover = await keys.findHandover(tokenHash)
      const key =
        handover === null ? null : keyRing.open(handoverPlace(handover.retiredHash), handover.sealed)
      if (handover === null || key === null)
        throw new GatewayError('key_not_found', 'No other key has taken the place of this one.')
      return {
        body: {
          ...{ key, key_name: maskKey(key), token_id: tokenHash },
          old_key_expires: new Date(handover.validUntil).toISOString(),
        },
      }
    },
  })
  return [{ method: 'POST', template: '/key/successor', auth: 'user', aliased: false, handler }]
}

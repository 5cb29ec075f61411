import { z } from 'zod'
import type { Endpoint } from '../http/dispatch.ts'
import { controlEndpoint } from '../rest/control-endpoint.ts'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'

const schema = z.strictObject({ enabled: z.boolean(), reason: z.string().max(500).default('') })

/** `POST /router/kill-switch`: from now on, in every process, the first model of the configuration; nothing learned is lost. */
export function killSwitchEndpoint({ gateway, killSwitch }: RoutingApiDependencies): Endpoint {
  return controlEndpoint({
    identity: gateway.identity,
    body: schema,
    answer: async ({ body }) => {
      await killSwitch.set(body)
      return { body: { status: 'ok', ...body } }
    },
  })
}

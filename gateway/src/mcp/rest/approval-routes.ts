import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { type Definition, listChanged, pinOf } from '../catalogue/definition.ts'
import type { McpGateway } from '../mcp-gateway.ts'
import type { McpServer } from '../server.ts'
import { type McpRoutesDependencies, mcpRoute } from './mcp-endpoint.ts'
import { requireVisible } from './server-routes.ts'

const kindBody = z.object({ kind: z.enum(['tool', 'prompt', 'template']).default('tool') })

/** What admins see of definitions that were held back, and how they let them through. */
export function approvalRoutes(deps: McpRoutesDependencies): Route<Endpoint>[] {
  const root = '/v1/mcp/server/{server_id}/tools'
  return [
    mcpRoute(deps, {
      ...{ method: 'GET', template: root, auth: 'admin' },
      answer: ({ gateway, caller, params }) => {
        const server = requireVisible(gateway, caller, params['server_id'])
        const definitions = definitionsOf(gateway, server).map((one) => describe(gateway, server, one))
        return { body: { server_id: server.settings.serverId, definitions } }
      },
    }),
    mcpRoute(deps, {
      ...{ method: 'POST', template: `${root}/{tool_name}/approve`, auth: 'admin', body: kindBody },
      answer: async ({ gateway, caller, params, body, exchange }) => {
        const server = requireVisible(gateway, caller, params['server_id'])
        const name = params['tool_name'] ?? ''
        const definition = definitionsOf(gateway, server).find(
          (one) => one.kind === body.kind && one.name === name,
        )
        if (definition === undefined)
          throw new GatewayError('tool_not_found', `${server.settings.name} offers no ${body.kind} ${name}.`)
        await gateway.registry.setPin(pinOf(server.settings.serverId, definition, caller.keyHash))
        const { serverId: server_id } = server.settings
        gateway.audit('mcp.tool.approve', exchange, caller.keyHash, server_id, name)
        return { body: { status: 'approved', server_id, tool_name: name, digest: definition.digest } }
      },
    }),
  ]
}

function definitionsOf(gateway: McpGateway, server: McpServer): readonly Definition[] {
  const offer = gateway.catalogue.offerOf(server)
  return offer === null ? [] : [...offer.tools, ...offer.prompts, ...offer.templates]
}

function describe(gateway: McpGateway, server: McpServer, definition: Definition): object {
  const { kind, name, digest, findings, isUnfit, description } = definition
  const pin = gateway.registry.findPin(server.settings.serverId, kind, name)
  const isApproved = pin?.digest === digest
  return {
    kind,
    name,
    status: isUnfit ? 'unfit' : isApproved ? 'approved' : pin === null ? 'pending' : 'quarantined',
    digest,
    approved_digest: pin?.digest ?? null,
    findings,
    changed: pin === null || isApproved ? [] : listChanged(pin.definition, description),
    ...(!isApproved && { definition: description, approved_definition: pin?.definition ?? null }),
  }
}

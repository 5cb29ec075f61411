import { randomBytes } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { Toolset } from '../registry/toolset.ts'
import { type McpRoutesDependencies, mcpRoute } from './mcp-endpoint.ts'

const root = '/v1/mcp/toolset'
const one = `${root}/{toolset_id}`
const access = { auth: 'admin', permission: 'mcp.server.write' } as const
const members = z
  .array(z.object({ server_id: z.string().min(1).max(64), tool_name: z.string().min(1).max(256) }))
  .max(1_000)
  .transform((tools) =>
    tools.map(({ server_id, tool_name }) => ({ serverId: server_id, toolName: tool_name })),
  )
const name = z.string().regex(/^[A-Za-z0-9_-]{1,40}$/, 'must be 1 to 40 letters, digits and any of _ -')
const description = z.string().max(4_096).nullish()
const newToolset = z.object({ toolset_name: name, description, tools: members.default([]) })
const changedToolset = z.object({
  toolset_id: z.string().min(1),
  toolset_name: name.optional(),
  description,
  tools: members.optional(),
})

/** Tools under one name, which keys and addresses can use. */
export function toolsetRoutes(deps: McpRoutesDependencies): Route<Endpoint>[] {
  return [
    mcpRoute(deps, {
      ...{ method: 'GET', template: root, ...access },
      answer: ({ gateway }) => ({ body: gateway.registry.toolsets.map(describe) }),
    }),
    mcpRoute(deps, {
      ...{ method: 'POST', template: root, ...access, body: newToolset },
      answer: async ({ gateway, caller, body }) => {
        const toolset = {
          toolsetId: randomBytes(8).toString('hex'),
          name: body.toolset_name,
          description: body.description ?? null,
          tools: body.tools,
        }
        return { status: 201, body: describe(await gateway.registry.writeToolset(toolset, caller.keyHash)) }
      },
    }),
    mcpRoute(deps, {
      ...{ method: 'PUT', template: root, ...access, body: changedToolset },
      answer: async ({ gateway, caller, body }) => {
        const before = gateway.registry.findToolset(body.toolset_id)
        if (before === null) throw toolsetNotFound(body.toolset_id)
        const toolset = {
          ...before,
          name: body.toolset_name ?? before.name,
          description: body.description === undefined ? before.description : body.description,
          tools: body.tools ?? before.tools,
        }
        return { status: 202, body: describe(await gateway.registry.writeToolset(toolset, caller.keyHash)) }
      },
    }),
    mcpRoute(deps, {
      ...{ method: 'GET', template: one, ...access },
      answer: ({ gateway, params }) => {
        const toolset = gateway.registry.findToolset(params['toolset_id'] ?? '')
        if (toolset === null) throw toolsetNotFound(params['toolset_id'] ?? '')
        return { body: describe(toolset) }
      },
    }),
    mcpRoute(deps, {
      ...{ method: 'DELETE', template: one, ...access },
      answer: async ({ gateway, params }) => {
        const toolsetId = params['toolset_id'] ?? ''
        if (!(await gateway.registry.removeToolset(toolsetId))) throw toolsetNotFound(toolsetId)
        return { status: 202, body: null }
      },
    }),
  ]
}

function describe(toolset: Toolset): object {
  return {
    toolset_id: toolset.toolsetId,
    toolset_name: toolset.name,
    description: toolset.description,
    tools: toolset.tools.map(({ serverId, toolName }) => ({ server_id: serverId, tool_name: toolName })),
    created_at: toolset.createdAt,
    created_by: toolset.createdBy,
    updated_at: toolset.updatedAt,
    updated_by: toolset.updatedBy,
  }
}

function toolsetNotFound(toolsetId: string): GatewayError {
  return new GatewayError('not_found', `There is no toolset ${toolsetId}.`)
}

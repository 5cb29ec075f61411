import { GatewayError } from '@routeiq/contract'
import { type ZodType, z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { AuthClass, Method, Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import { holdsPermission } from '../../identity/permissions.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import { type ControlAnswer, type ControlRequest, controlEndpoint } from '../../rest/control-endpoint.ts'
import type { McpGateway } from '../mcp-gateway.ts'
import { type McpPlane, mcpDisabled } from '../mcp-plane.ts'
import { requirePrincipal } from '../native/native-routes.ts'
import { publicBase } from '../native/public-base.ts'

export interface McpRoutesDependencies {
  readonly identity: Identity
  readonly mcp: McpPlane
}

interface McpRequest<Body> extends ControlRequest<Body> {
  readonly caller: Caller
  readonly gateway: McpGateway
  /** Where clients reach the gateway, without a slash at the end. */
  readonly publicBase: string
}

export interface McpRoute<Body> {
  readonly method: Method
  readonly template: string
  readonly auth: Exclude<AuthClass, 'public'>
  /** Lets callers in who hold it, beside admins. */
  readonly permission?: string
  /** The family of `/llmrouter/mcp`, which a switch hides and which has twins under `/v1`. */
  readonly isOwn?: boolean
  readonly body?: ZodType<Body>
  readonly answer: (request: McpRequest<Body>) => ControlAnswer | Promise<ControlAnswer>
}

/** A route of the REST form. */
export function mcpRoute<Body = undefined>(
  { identity, mcp }: McpRoutesDependencies,
  { method, template, auth, permission, isOwn = false, body, answer }: McpRoute<Body>,
): Route<Endpoint> {
  return {
    method,
    template,
    auth,
    aliased: isOwn,
    handler: controlEndpoint<Body>({
      identity,
      body: body ?? null,
      ...(permission !== undefined && {
        alsoAdmits: (caller: Caller) => holdsPermission(caller, permission),
      }),
      admit: (caller) => {
        if (caller !== null) requirePrincipal(caller)
        const { enabled, isRestHidden } = mcp.config().mcp
        if (!enabled) throw mcpDisabled()
        if (isOwn && isRestHidden) throw hidden()
      },
      answer: async (request) => {
        const { caller, exchange } = request
        if (caller === null) throw new Error(`${template} is for callers with a key`)
        const gateway = await mcp.requireGateway()
        const base = publicBase(exchange, mcp.config().server)
        return answer({ ...request, caller, gateway, publicBase: base })
      },
    }),
  }
}

export const anyObject = z.record(z.string(), z.unknown())

function hidden(): GatewayError {
  return new GatewayError('mcp_gateway_disabled', 'These routes are hidden (LITELLM_ROUTER_MCP_MODE=false).')
}

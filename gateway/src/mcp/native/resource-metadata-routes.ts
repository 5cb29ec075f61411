import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { controlEndpoint } from '../../rest/control-endpoint.ts'
import { mcpDisabled } from '../mcp-plane.ts'
import type { NativeRoutesDependencies } from './native-routes.ts'
import { publicBase } from './public-base.ts'
import { findResourceAccess } from './resource-access.ts'

const root = '/.well-known/oauth-protected-resource'

/** What a client without a credential learns about the endpoint (RFC 9728). */
export function resourceMetadataRoutes({ identity, mcp }: NativeRoutesDependencies): Route<Endpoint>[] {
  return ['', '/mcp', '/mcp/{selector}', '/{selector}/mcp'].map((suffix) => ({
    ...{ method: 'GET', template: root + suffix, auth: 'public', aliased: false },
    handler: controlEndpoint({
      identity,
      body: null,
      answer: async ({ exchange, params }) => {
        const { mcp: settings, server } = mcp.config()
        if (!settings.enabled) throw mcpDisabled()
        const selector = params['selector'] ?? ''
        const path = (suffix || '/mcp').replace('{selector}', encodeURIComponent(selector))
        const base = publicBase(exchange, server)
        const { scopes, hasSignIn } = await findResourceAccess(mcp, params['selector'] ?? null)
        return {
          body: {
            resource: base + path,
            resource_name: settings.serverName,
            bearer_methods_supported: ['header'],
            scopes_supported: scopes,
            ...(hasSignIn && { authorization_servers: [`${base}/${selector}`] }),
          },
        }
      },
    }),
  }))
}

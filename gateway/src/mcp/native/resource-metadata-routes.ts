import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { controlEndpoint } from '../../rest/control-endpoint.ts'
import { mcpDisabled } from '../mcp-plane.ts'
import type { NativeRoutesDependencies } from './native-routes.ts'
import { publicBase } from './public-base.ts'

const root = '/.well-known/oauth-protected-resource'

/** What a client without a credential learns about the endpoint (RFC 9728). */
export function resourceMetadataRoutes({ identity, mcp }: NativeRoutesDependencies): Route<Endpoint>[] {
  return ['', '/mcp', '/mcp/{selector}', '/{selector}/mcp'].map((suffix) => ({
    ...{ method: 'GET', template: root + suffix, auth: 'public', aliased: false },
    handler: controlEndpoint({
      identity,
      body: null,
      answer: ({ exchange, params }) => {
        const { mcp: settings, server } = mcp.config()
        if (!settings.enabled) throw mcpDisabled()
        const path = (suffix || '/mcp').replace('{selector}', encodeURIComponent(params['selector'] ?? ''))
        return {
          body: {
            resource: publicBase(exchange, server) + path,
            resource_name: settings.serverName,
            bearer_methods_supported: ['header'],
          },
        }
      },
    }),
  }))
}

import type { Endpoint } from '../http/dispatch.ts'
import type { Route } from '../http/router.ts'
import { nativeRoutes } from './native/native-routes.ts'
import { resourceMetadataRoutes } from './native/resource-metadata-routes.ts'
import { sseRoutes } from './native/sse-routes.ts'
import { authorizeRoutes } from './oauth/authorize-routes.ts'
import { oauthRoutes } from './oauth/oauth-routes.ts'
import { approvalRoutes } from './rest/approval-routes.ts'
import { infoRoutes } from './rest/info-routes.ts'
import type { McpRoutesDependencies } from './rest/mcp-endpoint.ts'
import { mcpRestRoutes } from './rest/mcp-rest-routes.ts'
import { parityRoutes } from './rest/parity-routes.ts'
import { proxyRoutes } from './rest/proxy-routes.ts'
import { serverRoutes } from './rest/server-routes.ts'
import { submissionRoutes } from './rest/submission-routes.ts'
import { subregistryRoutes } from './rest/subregistry-routes.ts'
import { toolRoutes } from './rest/tool-routes.ts'
import { toolsetRoutes } from './rest/toolset-routes.ts'
import { trialRoutes } from './rest/trial-routes.ts'
import { userCredentialRoutes } from './rest/user-credential-routes.ts'

/** Every route of the gateway for tool servers. */
export function mcpRoutes(deps: McpRoutesDependencies): Route<Endpoint>[] {
  return [
    ...serverRoutes(deps),
    ...toolRoutes(deps),
    ...parityRoutes(deps),
    ...approvalRoutes(deps),
    ...submissionRoutes(deps),
    ...toolsetRoutes(deps),
    ...mcpRestRoutes(deps),
    ...sseRoutes(deps),
    ...nativeRoutes(deps),
    ...proxyRoutes(deps),
    ...resourceMetadataRoutes(deps),
    ...oauthRoutes(deps),
    ...authorizeRoutes(deps),
    ...userCredentialRoutes(deps),
    ...infoRoutes(deps),
    ...trialRoutes(deps),
    ...subregistryRoutes(deps),
  ]
}

import type { Endpoint } from '../http/dispatch.ts'
import type { Route } from '../http/router.ts'
import type { Identity } from '../pipeline/authenticate.ts'
import { restEndpoint } from './rest-endpoint.ts'

/** `GET /api/v1/auth/verify`: what clients ask at their start. Touches no database beyond the look-up of the key. */
export function verifyRoute(identity: Identity, requireManifest: boolean): Route<Endpoint> {
  return {
    method: 'GET',
    template: '/api/v1/auth/verify',
    auth: 'user',
    aliased: false,
    handler: restEndpoint({
      identity,
      body: null,
      answer: ({ caller, workspaceId }) => ({
        body: {
          status: 'ok',
          api_key_valid: true,
          scope: caller.isAdmin ? 'admin' : 'workspace',
          project_id: workspaceId,
          workspace_id: workspaceId,
          permissions: {},
          require_manifest_on_ingest: requireManifest,
          message: 'The key is valid.',
        },
      }),
    }),
  }
}

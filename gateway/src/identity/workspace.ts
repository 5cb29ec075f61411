import { GatewayError } from '@routeiq/contract'
import type { Caller } from './caller.ts'

/** Where callers without an organisation work, and admins who name no other. */
export const defaultWorkspace = 'default'

const acceptable = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/

/**
 * The workspace (tenant) a request works in: the organisation of its key. Admins may choose one with
 * `X-Workspace-Id`; another caller may only name its own. Errors: 400 for an id no workspace can have, 403
 * `permission_denied` for any other than the caller's, whether or not it exists.
 */
export function workspaceOf(caller: Caller, chosen: string | null): string {
  const own = caller.organizationId ?? defaultWorkspace
  if (chosen === null || chosen === '' || chosen === own) return own
  if (!caller.isAdmin) {
    throw new GatewayError('permission_denied', 'This key may not choose that workspace.', {
      param: 'x-workspace-id',
    })
  }
  if (acceptable.test(chosen)) return chosen
  throw new GatewayError(
    'invalid_request',
    'X-Workspace-Id must be 1 to 128 letters, digits and any of . _ : @ -, beginning with a letter or digit.',
    { param: 'x-workspace-id' },
  )
}

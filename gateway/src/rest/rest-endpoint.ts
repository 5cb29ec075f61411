import type { ZodType } from 'zod'
import type { Endpoint } from '../http/dispatch.ts'
import type { Caller } from '../identity/caller.ts'
import { workspaceOf } from '../identity/workspace.ts'
import type { Identity } from '../pipeline/authenticate.ts'
import { type ControlAnswer, type ControlRequest, controlEndpoint } from './control-endpoint.ts'

/** What a request of `/api/v1` may carry. */
const maxBodyBytes = 10 * 1_048_576

export interface RestRequest<Body> extends ControlRequest<Body> {
  readonly caller: Caller
  readonly workspaceId: string
}

export interface RestAnswer extends ControlAnswer {
  readonly body: object
}

export interface RestEndpointOptions<Body> {
  readonly identity: Identity
  /** Null for routes without a body. */
  readonly body: ZodType<Body> | null
  readonly answer: (request: RestRequest<Body>) => RestAnswer | Promise<RestAnswer>
}

/**
 * A route of `/api/v1` for callers with a key: knows its workspace, answers with JSON objects, and refuses in the form
 * of that path.
 */
export function restEndpoint<Body>({ identity, body, answer }: RestEndpointOptions<Body>): Endpoint {
  return controlEndpoint({
    identity,
    errors: 'api-v1',
    body,
    maxBodyBytes: () => maxBodyBytes,
    answer: (request) => {
      const { caller, exchange } = request
      if (caller === null) throw new Error(`${exchange.template} is public and has no workspace`)
      const workspaceId = workspaceOf(caller, exchange.header('x-workspace-id'))
      return answer({ workspaceId, ...request, caller })
    },
  })
}

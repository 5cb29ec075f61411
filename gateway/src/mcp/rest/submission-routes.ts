import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { ReadableSubmission } from '../registry/submissions.ts'
import { describeServer, writeServer } from './describe-server.ts'
import { anyObject, type McpRoutesDependencies, mcpRoute } from './mcp-endpoint.ts'
import { noPrograms, readServerBody } from './register-server.ts'

const root = '/v1/mcp/server'
const review = z.object({ review_notes: z.string().max(4_096).nullish() })

/** Everybody proposes tool servers; admins approve or reject them. */
export function submissionRoutes(deps: McpRoutesDependencies): Route<Endpoint>[] {
  return [
    mcpRoute(deps, {
      ...{ method: 'POST', template: `${root}/register`, auth: 'user', body: anyObject },
      answer: async ({ gateway, caller, body }) => {
        const server_id = body['server_id'] ?? randomBytes(8).toString('hex')
        const settings = readServerBody({ ...body, server_id }, gateway, null, noPrograms)
        return { status: 201, body: describe(await gateway.submissions.submit(settings, caller.keyHash)) }
      },
    }),
    mcpRoute(deps, {
      ...{ method: 'GET', template: `${root}/submissions`, auth: 'admin' },
      answer: async ({ gateway }) => {
        const items = (await gateway.submissions.list()).map(describe)
        const count = (status: string): number =>
          items.filter(({ approval_status }) => approval_status === status).length
        return {
          body: {
            ...{ total: items.length, pending_review: count('pending_review'), rejected: count('rejected') },
            items,
          },
        }
      },
    }),
    mcpRoute(deps, {
      ...{ method: 'POST', template: `${root}/{server_id}/approve`, auth: 'admin' },
      answer: async ({ gateway, caller, params, exchange }) => {
        const server = await gateway.submissions.approve(params['server_id'] ?? '')
        gateway.audit('mcp.server.create', exchange, caller.keyHash, server.settings.serverId)
        return { body: describeServer(gateway, caller, server) }
      },
    }),
    mcpRoute(deps, {
      ...{ method: 'POST', template: `${root}/{server_id}/reject`, auth: 'admin', body: review },
      answer: async ({ gateway, caller, params, body }) => {
        const serverId = params['server_id'] ?? ''
        const notes = body.review_notes ?? null
        return { body: describe(await gateway.submissions.reject(serverId, caller.keyHash, notes)) }
      },
    }),
  ]
}

/** Secrets are not in it. */
function describe({ submission, settings }: ReadableSubmission) {
  const { serverId, status, submittedAt, submittedBy, reviewedAt, reviewedBy, reviewNotes } = submission
  return {
    ...(settings === null ? { server_id: serverId } : writeServer(settings)),
    server_id: serverId,
    approval_status: status,
    submitted_at: new Date(submittedAt).toISOString(),
    submitted_by: submittedBy,
    reviewed_at: reviewedAt === null ? null : new Date(reviewedAt).toISOString(),
    reviewed_by: reviewedBy,
    review_notes: reviewNotes,
  }
}

import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import { nameMembers } from '../audit/audit-record.ts'
import type { AuditCursor, AuditStore } from '../audit/audit-store.ts'
import type { CheckpointSigner } from '../audit/checkpoint.ts'
import { formatReport, verifyChains } from '../audit/verify-chains.ts'
import type { Endpoint } from '../http/dispatch.ts'
import type { Method, Route } from '../http/router.ts'
import type { Caller } from '../identity/caller.ts'
import { holdsPermission } from '../identity/permissions.ts'
import type { Identity } from '../pipeline/authenticate.ts'
import { type ControlEndpointOptions, controlEndpoint } from '../rest/control-endpoint.ts'
import { parseQuery } from '../rest/parse-query.ts'

export interface AuditRoutesDependencies {
  readonly identity: Identity
  readonly store: AuditStore
  readonly signer: CheckpointSigner | null
}

const mostEvents = 500
const time = z.union([z.iso.datetime({ offset: true }), z.iso.date()]).transform((text) => Date.parse(text))
const text = z.string().min(1).max(512)
const querySchema = z.object({
  action: text.optional(),
  actor: text.optional(),
  resource_type: text.optional(),
  resource_id: text.optional(),
  outcome: z.enum(['success', 'denied', 'error']).optional(),
  request_id: text.optional(),
  since: time.optional(),
  until: time.optional(),
  limit: z.coerce.number().int().min(1).max(mostEvents).default(100),
  cursor: text.optional(),
})
const eraseSchema = z.strictObject({ person: text })

/** `/api/v1/routeiq/audit`: who did what, whether that is still what was written, and the end of what it says of a person. */
export function auditRoutes({ identity, store, signer }: AuditRoutesDependencies): Route<Endpoint>[] {
  const route = <Body>(
    method: Method,
    path: string,
    permission: 'audit.read' | 'audit.write',
    { body, answer }: Pick<ControlEndpointOptions<Body>, 'body' | 'answer'>,
  ): Route<Endpoint> => {
    const alsoAdmits = (caller: Caller): boolean => holdsPermission(caller, permission)
    const handler = controlEndpoint({ identity, alsoAdmits, body, answer })
    return { method, template: `/api/v1/routeiq/audit${path}`, auth: 'admin', aliased: false, handler }
  }
  return [
    route('GET', '', 'audit.read', {
      body: null,
      answer: async ({ query }) => {
        // What this process has seen is there for whoever asks now.
        await identity.audit.flush()
        return { body: await list(store, query) }
      },
    }),
    route('GET', '/verify', 'audit.read', {
      body: null,
      answer: async () => {
        await identity.audit.flush()
        return { body: formatReport(await verifyChains(store, signer)) }
      },
    }),
    route('POST', '/erase', 'audit.write', {
      body: eraseSchema,
      answer: async ({ body }) => {
        await identity.audit.flush()
        return { body: { erased: await store.erasePerson(body.person) } }
      },
    }),
  ]
}

async function list(store: AuditStore, parameters: URLSearchParams): Promise<object> {
  const { resource_type, resource_id, request_id, cursor, limit, ...query } = parseQuery(
    parameters,
    querySchema,
  )
  const records = await store.list({
    ...defined({ ...query, resourceType: resource_type, resourceId: resource_id, requestId: request_id }),
    ...(cursor !== undefined && { after: readCursor(cursor) }),
    // One more than is shown says whether there is another page.
    limit: limit + 1,
  })
  const shown = records.slice(0, limit)
  const last = records.length > limit ? shown.at(-1) : undefined
  return { events: shown.map(nameMembers), next_cursor: last === undefined ? null : formatCursor(last) }
}

function formatCursor({ timestamp, id }: AuditCursor): string {
  return Buffer.from(`${timestamp} ${id}`).toString('base64url')
}

/** Errors: 400 for what is no cursor of an earlier page. */
function readCursor(cursor: string): AuditCursor {
  const decoded = Buffer.from(cursor, 'base64url').toString()
  const [, timestamp = '', id = ''] = /^(\d{1,15}) ([\w-]+)$/.exec(decoded) ?? []
  if (id !== '') return { timestamp: Number(timestamp), id }
  throw new GatewayError('invalid_request', 'cursor must be the next_cursor of the page before.', {
    param: 'cursor',
    extras: {},
  })
}

function defined<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}

import { GatewayError } from '@routeiq/contract'
import type { Endpoint } from '../http/dispatch.ts'
import type { Route } from '../http/router.ts'
import type { Identity } from '../pipeline/authenticate.ts'
import { restEndpoint } from '../rest/rest-endpoint.ts'
import { calendarMonth } from './calendar-month.ts'
import type { QuotaPrincipal } from './quota.ts'
import { keyHashSchema, quotaSchema } from './quota-schema.ts'
import type { QuotaStore } from './quota-store.ts'
import type { Quotas } from './quotas.ts'

export interface QuotaRoutesDependencies {
  readonly identity: Identity
  readonly quotas: Quotas
  readonly store: QuotaStore
  /** Makes every process read the quotas again, this one before it resolves. */
  readonly onChange: () => Promise<void>
  readonly now: () => number
}

/** `/api/v1/quotas`: anybody sees their own, admins set them for a workspace or, with `?key=`, for one of its keys. */
export function quotaRoutes(deps: QuotaRoutesDependencies): Route<Endpoint>[] {
  const { identity } = deps
  const template = '/api/v1/quotas/{workspace}'
  const admin = { auth: 'admin', aliased: false, template } as const
  return [
    {
      method: 'GET',
      template: '/api/v1/quotas',
      auth: 'user',
      aliased: false,
      handler: restEndpoint({
        identity,
        body: null,
        answer: async ({ workspaceId, caller }) => ({
          body: {
            workspace: await describe(deps, { workspaceId, keyHash: null }),
            key:
              caller.keyHash === null ? null : await describe(deps, { workspaceId, keyHash: caller.keyHash }),
          },
        }),
      }),
    },
    {
      ...admin,
      method: 'GET',
      handler: restEndpoint({
        identity,
        body: null,
        answer: async ({ params, query }) => ({ body: await describe(deps, principalOf(params, query)) }),
      }),
    },
    {
      ...admin,
      method: 'PUT',
      handler: restEndpoint({
        identity,
        body: quotaSchema,
        answer: async ({ params, query, body }) => {
          const principal = principalOf(params, query)
          await deps.store.set({ ...principal, ...body })
          await deps.onChange()
          return { body: await describe(deps, principal) }
        },
      }),
    },
    {
      ...admin,
      method: 'DELETE',
      handler: restEndpoint({
        identity,
        body: null,
        answer: async ({ params, query }) => {
          const deleted = await deps.store.remove(principalOf(params, query))
          await deps.onChange()
          return { body: { status: 'ok', deleted } }
        },
      }),
    },
  ]
}

function principalOf(params: Readonly<Record<string, string>>, query: URLSearchParams): QuotaPrincipal {
  const key = query.get('key')
  const keyHash = key === null ? null : keyHashSchema.safeParse(key)
  if (keyHash?.success === false) {
    throw new GatewayError('invalid_request', '`key` must be the token_id of a key: 64 hex digits.', {
      param: 'key',
    })
  }
  return { workspaceId: params['workspace'] ?? '', keyHash: keyHash?.data ?? null }
}

/** Without a quota: the plan `unlimited`, and no limits. */
async function describe({ quotas, store, now }: QuotaRoutesDependencies, principal: QuotaPrincipal) {
  const quota = quotas.find(principal)
  return {
    workspace_id: principal.workspaceId,
    key: principal.keyHash,
    plan: quota?.plan ?? 'unlimited',
    limits: quota?.limits ?? {},
    used: await store.usage(principal, calendarMonth(now())),
  }
}

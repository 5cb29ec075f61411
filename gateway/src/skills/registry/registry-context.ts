import { GatewayError } from '@routeiq/contract'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Method, Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import { workspaceOf } from '../../identity/workspace.ts'
import { authenticate, type Identity } from '../../pipeline/authenticate.ts'
import type { QuotaPrincipal } from '../../quotas/quota.ts'
import type { Quotas } from '../../quotas/quotas.ts'
import { type ControlAnswer, type ControlRequest, controlEndpoint } from '../../rest/control-endpoint.ts'
import { type RestRequest, restEndpoint } from '../../rest/rest-endpoint.ts'
import { restRoute } from '../../rest/rest-route.ts'
import type { BenchmarkStore } from '../benchmarks/benchmark-store.ts'
import type { SkillStore } from '../skill-store.ts'
import type { SkillWriter } from '../write/skill-writer.ts'
import type { RegistryDetail, RegistryStore } from './registry-store.ts'

export interface RegistryRoutesDependencies {
  readonly identity: Identity
  readonly registry: RegistryStore
  readonly skills: SkillStore
  readonly writer: SkillWriter
  readonly quotas: Pick<Quotas, 'requireFeature'>
  /** Reading the registry needs no key. */
  readonly publicRead: boolean
  readonly settings: () => { readonly publishNeedsBenchmark: boolean }
  readonly benchmarks: Pick<BenchmarkStore, 'findLatest'>
}

/** A reader of the registry, who may have no key and then no workspace. */
export interface Visit extends ControlRequest<undefined> {
  readonly workspaceId: string | null
}

/** A route anybody may read when the registry is public, else callers with a key. */
export function openRoute(
  { identity, publicRead }: Pick<RegistryRoutesDependencies, 'identity' | 'publicRead'>,
  template: string,
  answer: (visit: Visit) => Promise<ControlAnswer>,
): Route<Endpoint> {
  const handler = controlEndpoint<undefined>({
    identity,
    errors: 'api-v1',
    body: null,
    answer: async (request) =>
      answer({ ...request, workspaceId: await workspaceOfVisitor(identity, request) }),
  })
  return { method: 'GET', template, auth: publicRead ? 'public' : 'user', aliased: false, handler }
}

/** A key that is sent must be a good one, also where none is needed. */
export async function workspaceOfVisitor(
  identity: Identity,
  { caller, exchange }: Pick<ControlRequest<unknown>, 'caller' | 'exchange'>,
): Promise<string | null> {
  const isNamed = caller !== null || exchange.header('authorization') !== null
  const known = caller ?? (isNamed ? await authenticate(identity, exchange, 'user') : null)
  return known === null ? null : workspaceOf(known, exchange.header('x-workspace-id'))
}

/** A route for callers with a key, whose input is all in the address. */
export function callerRoute(
  { identity }: Pick<RegistryRoutesDependencies, 'identity'>,
  method: Method,
  template: string,
  answer: (request: RestRequest<undefined>) => Promise<object>,
): Route<Endpoint> {
  const handler = restEndpoint<undefined>({
    identity,
    body: null,
    answer: async (request) => ({ body: await answer(request) }),
  })
  return restRoute(method, template, handler)
}

/** Errors: 404, the same for a skill that is not public, is unsafe, or never was. */
export async function requireEntry(
  registry: Pick<RegistryStore, 'find'>,
  reference: string | undefined,
): Promise<RegistryDetail> {
  const entry = await registry.find(reference ?? '')
  if (entry === null)
    throw new GatewayError('not_found', `No public skill ${reference} was found.`, { param: 'skill' })
  return entry
}

export function principalOf(workspaceId: string, caller: Caller): QuotaPrincipal {
  return { workspaceId, keyHash: caller.keyHash }
}

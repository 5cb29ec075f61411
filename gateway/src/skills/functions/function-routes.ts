import { createHash } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Route } from '../../http/router.ts'
import { workspaceOf } from '../../identity/workspace.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import { type ControlAnswer, controlEndpoint } from '../../rest/control-endpoint.ts'
import { creatorOf } from '../api/skill-context.ts'
import { listAll, listDiscovery, listNamespace } from './function-listings.ts'
import { type InvocationDependencies, invokeSkill } from './invoke-skill.ts'

export interface FunctionRoutesDependencies {
  readonly invocations: InvocationDependencies
  readonly identity: Identity
  /** Answers `/v1/skills/{name}`, which is at the same place without `/v1` as listings are. */
  readonly skill: Endpoint
  /** How code of models is held, for admins. */
  readonly reportCodeExecution: () => Promise<object>
}

const allSuffix = '__all.json'
const anyObject = z.record(z.string(), z.unknown())

/** Discovery of the configured functions, and their invocation by path and by JSON. */
export function functionRoutes({
  invocations,
  identity,
  skill,
  reportCodeExecution,
}: FunctionRoutesDependencies): Route<Endpoint>[] {
  const { functions } = invocations
  const get = (
    template: string,
    answer: (params: Readonly<Record<string, string>>, ifNoneMatch: string | null) => Promise<ControlAnswer>,
  ): Route<Endpoint> => ({
    method: 'GET',
    template,
    auth: 'user',
    aliased: false,
    handler: controlEndpoint({
      identity,
      errors: 'api-v1',
      body: null,
      answer: ({ params, exchange }) => answer(params, exchange.header('if-none-match') ?? null),
    }),
  })
  const all = get('/skills/{name}', async ({ name: file = '' }, ifNoneMatch) => {
    const namespace = file.slice(0, -allSuffix.length)
    const items = listAll(await functions.read(), namespace)
    if (items === null) throw unknownNamespace(namespace)
    return listingAnswer(items, ifNoneMatch)
  })
  return [
    get('/skills/{name}/index.json', async ({ name: namespace = '' }, ifNoneMatch) => {
      const listing = listNamespace(await functions.read(), namespace, functions.options.cacheSize)
      if (listing === null) throw unknownNamespace(namespace)
      return listingAnswer(listing.items, ifNoneMatch, listing.truncated)
    }),
    {
      ...all,
      handler: {
        errors: (exchange) => (isListing(exchange.target) ? 'api-v1' : surfaceOf(skill, exchange)),
        handle: (exchange, params, route) =>
          (isListing(exchange.target) ? all.handler : skill).handle(exchange, params, route),
      },
    },
    get('/_skill/discovery.json', async (_, ifNoneMatch) =>
      listingAnswer(listDiscovery(await functions.read()), ifNoneMatch),
    ),
    {
      method: 'POST',
      template: '/v1/skills/{name}/{method}',
      auth: 'user',
      handler: controlEndpoint({
        identity,
        errors: 'api-v1',
        body: anyObject,
        answer: ({ exchange, caller, params, body, query }) =>
          invokeSkill(invocations, {
            requestId: exchange.requestId,
            actor: caller === null ? '' : creatorOf(caller),
            workspaceId: caller === null ? '' : workspaceOf(caller, exchange.header('x-workspace-id')),
            name: `${params['name'] ?? ''}.${params['method'] ?? ''}`,
            body,
            withLogs: query.get('logs') === 'true',
            trace: exchange.trace,
          }),
      }),
    },
    {
      method: 'GET',
      template: '/api/v1/skill-modules',
      auth: 'admin',
      aliased: false,
      handler: controlEndpoint({
        identity,
        errors: 'api-v1',
        body: null,
        answer: async () => ({
          body: {
            modules: await functions.report(),
            code_execution: await reportCodeExecution(),
            note: 'Only what is held by the kernel is a security boundary.',
          },
        }),
      }),
    },
  ]
}

const isListing = (target: string): boolean => target.replace(/\?.*$/s, '').endsWith(allSuffix)

function surfaceOf({ errors }: Endpoint, exchange: Exchange) {
  return typeof errors === 'function' ? errors(exchange) : errors
}

function listingAnswer(
  items: readonly object[],
  ifNoneMatch: string | null,
  truncated = false,
): ControlAnswer {
  const etag = `"${createHash('sha256').update(JSON.stringify(items)).digest('hex').slice(0, 32)}"`
  const headers = [
    'etag',
    etag,
    'cache-control',
    'private, max-age=5',
    ...(truncated ? ['x-routeiq-skills-truncated', 'true'] : []),
  ]
  const isKnown = ifNoneMatch?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag) === true
  return isKnown ? { status: 304, headers, body: null } : { headers, body: items }
}

const unknownNamespace = (namespace: string): GatewayError =>
  new GatewayError('skill_not_found', `Namespace not found: ${namespace}`)

import { createHash, randomBytes } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import { type ControlAnswer, controlEndpoint } from '../../rest/control-endpoint.ts'
import { listAll, listDiscovery, listNamespace } from './function-listings.ts'
import type { FunctionSkills, Invocation } from './function-skills.ts'

export interface FunctionRoutesDependencies {
  readonly functions: FunctionSkills
  readonly identity: Identity
}

type Body = Readonly<Record<string, unknown>>

const anyObject = z.record(z.string(), z.unknown())
const given = z.union([anyObject, z.array(z.unknown())])
const envelope = z.object({ parameters: given, init: given.nullish() })
const invocation = z.object({
  skill_name: z.string().min(1).max(512),
  parameters: given.optional(),
  init: given.nullish(),
})

/** Tools that run at the client: the answer says what to put into `tools`. */
const providerTools: Readonly<Record<string, { readonly type: string; readonly name: string }>> = {
  computer_use: { type: 'computer_20250124', name: 'computer' },
  bash: { type: 'bash_20250124', name: 'bash' },
  text_editor: { type: 'text_editor_20250728', name: 'str_replace_based_edit_tool' },
}

/** Discovery of the configured functions, and their invocation by path and by JSON. */
export function functionRoutes({ functions, identity }: FunctionRoutesDependencies): Route<Endpoint>[] {
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
  const post = (
    template: string,
    read: (params: Readonly<Record<string, string>>, body: Body) => Omit<Invocation, 'withLogs'>,
  ): Route<Endpoint> => ({
    method: 'POST',
    template,
    auth: 'user',
    aliased: false,
    handler: controlEndpoint({
      identity,
      errors: 'api-v1',
      body: anyObject,
      answer: ({ params, body, query }) =>
        invoke(functions, { ...read(params, body), withLogs: query.get('logs') === 'true' }),
    }),
  })
  return [
    get('/skills/{namespace}/index.json', async ({ namespace = '' }, ifNoneMatch) => {
      const listing = listNamespace(await functions.read(), namespace, functions.options.cacheSize)
      if (listing === null) throw unknownNamespace(namespace)
      return listingAnswer(listing.items, ifNoneMatch, listing.truncated)
    }),
    get('/skills/{namespace}', async ({ namespace: file = '' }, ifNoneMatch) => {
      const namespace = /^(.+)__all\.json$/.exec(file)?.[1]
      if (namespace === undefined) throw new GatewayError('not_found', 'No such route.')
      const items = listAll(await functions.read(), namespace)
      if (items === null) throw unknownNamespace(namespace)
      return listingAnswer(items, ifNoneMatch)
    }),
    get('/_skill/discovery.json', async (_, ifNoneMatch) =>
      listingAnswer(listDiscovery(await functions.read()), ifNoneMatch),
    ),
    post('/v1/skills/{name}/{method}', ({ name: owner = '', method = '' }, body) => ({
      name: `${owner}.${method}`,
      ...readArguments(body),
    })),
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
            note: 'Only what is held by the kernel is a security boundary.',
          },
        }),
      }),
    },
  ]
}

/** Calls the function of a path, or without a name the one its body names. */
export function answerInvocation(
  functions: FunctionSkills,
  name: string | null,
  body: Body,
  withLogs: boolean,
): Promise<ControlAnswer> {
  if (name !== null) return invoke(functions, { name, ...readArguments(body), withLogs })
  const { skill_name, parameters = {}, init = null } = parseOrRefuse(invocation, body)
  return invoke(functions, { name: skill_name, parameters, init, withLogs })
}

/** Named arguments, or an envelope when there is a member `parameters`. */
function readArguments(body: Body): Omit<Invocation, 'name' | 'withLogs'> {
  if (!Object.hasOwn(body, 'parameters')) return { parameters: body, init: null }
  const { parameters, init = null } = parseOrRefuse(envelope, body)
  return { parameters, init }
}

function parseOrRefuse<Value>(schema: z.ZodType<Value>, body: Body): Value {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  throw new GatewayError('invalid_arguments', z.prettifyError(parsed.error))
}

async function invoke(functions: FunctionSkills, request: Invocation): Promise<ControlAnswer> {
  const frame = { id: `inv_${randomBytes(12).toString('hex')}`, object: 'skill.invocation' }
  const tool = Object.hasOwn(providerTools, request.name) ? providerTools[request.name] : undefined
  const done =
    functions.options.entries.length === 0 && tool !== undefined ? null : await functions.invoke(request)
  if (done !== null) {
    const { fullName, namespace, result, durationMs, logs } = done
    return {
      body: {
        ...frame,
        skill_name: fullName,
        namespace,
        type: 'module',
        status: 'ok',
        result,
        duration_ms: Math.round(durationMs * 10) / 10,
        ...(request.withLogs ? { logs } : {}),
      },
    }
  }
  if (tool !== undefined)
    return {
      body: {
        ...frame,
        skill_name: request.name,
        type: 'provider_tool',
        status: 'client_action_required',
        tool,
      },
    }
  throw new GatewayError('skill_not_found', `No skill is called ${request.name}.`)
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

import { GatewayError } from '@routeiq/contract'
import { findStrategy, profiles } from '@routeiq/router'
import { z } from 'zod'
import type { Endpoint } from '../http/dispatch.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Caller } from '../identity/caller.ts'
import { workspaceOf } from '../identity/workspace.ts'
import type { ExpectedSkill } from '../model-routing/route-asked.ts'
import { previewRoute } from '../pipeline/preview-route.ts'
import { controlEndpoint } from '../rest/control-endpoint.ts'
import { describeRoute } from './describe-route.ts'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'

const mostItems = 256
const defaultRouter = 'auto'

const knownStrategy = z
  .string()
  .refine((name) => findStrategy(name) !== null, { message: 'GET /router/info lists the strategies' })

/** A name or id, alone or with the version it is about. */
const skillSchema = z.union([
  z
    .string()
    .min(1)
    .transform((name) => ({ name, version: null })),
  z.strictObject({ name: z.string().min(1), version: z.string().min(1).max(64).nullable().default(null) }),
])

const routeSchema = z
  .object({
    query: z.string().min(1).nullish(),
    messages: z.array(z.record(z.string(), z.unknown())).min(1).nullish(),
    model: z.string().min(1).default(defaultRouter),
    tools: z.array(z.unknown()).nullish(),
    response_format: z.record(z.string(), z.unknown()).nullish(),
    max_tokens: z.number().int().positive().nullish(),
    user: z.string().nullish(),
    metadata: z.record(z.string(), z.unknown()).nullish(),
    session_id: z.string().nullish(),
    profile: z.enum(profiles).nullish(),
    strategy: knownStrategy.nullish(),
    lambda: z.number().min(0).nullish(),
    max_cost: z.number().min(0).nullish(),
    skills: z.array(skillSchema).max(50).nullish(),
    routing_id: z.string().min(1).max(64).nullish(),
    explain: z.boolean().default(true),
    compare: z.array(knownStrategy).max(32).default([]),
  })
  .refine(({ query, messages }) => (query ?? null) !== null || (messages ?? null) !== null, {
    message: 'give `query` or `messages`',
    path: ['query'],
  })

type RouteBody = z.output<typeof routeSchema>

/** `POST /router/route`: where a request would go and why, by the code that live requests go through. */
export function routeEndpoint(deps: RoutingApiDependencies): Endpoint {
  const { gateway } = deps
  return controlEndpoint({
    identity: gateway.identity,
    body: routeSchema,
    maxBodyBytes: () => gateway.runtime().config.server.maxRequestBytes,
    answer: async ({ exchange, caller, body }) => ({
      body: await answer(deps, exchange, requireCaller(caller), body),
    }),
  })
}

/** `POST /router/route/batch`: up to 256 at once, each with its answer or its error. */
export function batchEndpoint(deps: RoutingApiDependencies): Endpoint {
  const { gateway } = deps
  return controlEndpoint({
    identity: gateway.identity,
    body: z.object({ items: z.array(routeSchema).min(1).max(mostItems) }),
    maxBodyBytes: () => gateway.runtime().config.server.maxRequestBytes,
    answer: async ({ exchange, caller, body }) => {
      const items: unknown[] = []
      for (const item of body.items)
        items.push(await answer(deps, exchange, requireCaller(caller), item).catch(describeFailure))
      return { body: { items } }
    },
  })
}

function requireCaller(caller: Caller | null): Caller {
  if (caller === null) throw new Error('the route asks for a key')
  return caller
}

/** Those that are named, or were offered by a decision. Errors: 404 for a decision that is not there. */
async function expectedSkills(
  { findSkills }: RoutingApiDependencies,
  caller: Caller,
  { skills, routing_id: routingId }: RouteBody,
): Promise<readonly ExpectedSkill[]> {
  const named = skills ?? []
  const offered =
    routingId === null || routingId === undefined
      ? []
      : await findSkills(workspaceOf(caller, null), routingId)
  if (offered === null)
    throw new GatewayError('decision_not_found', `There is no decision about skills ${routingId}.`)
  const byName = new Map([...named, ...offered].map((skill) => [skill.name, skill]))
  return [...byName.values()].map((skill) => ({ ...skill, isInjected: false }))
}

async function answer(
  deps: RoutingApiDependencies,
  exchange: Exchange,
  caller: Caller,
  body: RouteBody,
): Promise<object> {
  const { gateway } = deps
  const chat = {
    model: body.model,
    messages: body.messages ?? [{ role: 'user', content: body.query }],
    ...present('tools', body.tools),
    ...present('response_format', body.response_format),
    ...present('max_tokens', body.max_tokens),
    ...present('user', body.user),
    ...present('metadata', body.metadata),
    ...present('prompt_cache_key', body.session_id),
  }
  const overrides = {
    profile: body.profile ?? null,
    strategy: body.strategy ?? null,
    lambda: body.lambda ?? null,
    maxCost: body.max_cost ?? null,
    ignored: [],
    skills: await expectedSkills(deps, caller, body),
  }
  const preview = await previewRoute(gateway, exchange, caller, chat, overrides)
  const compared: object[] = []
  for (const strategy of body.compare) {
    const other = await previewRoute(gateway, exchange, caller, chat, { ...overrides, strategy })
    const { selected_model, confidence, strategy: ran } = describeRoute(other, false)
    compared.push({ requested: strategy, strategy: ran, selected_model, confidence })
  }
  return {
    ...describeRoute(preview, body.explain),
    ...(compared.length === 0 ? {} : { compare: compared }),
  }
}

function present(name: string, value: unknown): object {
  return value === undefined || value === null ? {} : { [name]: value }
}

function describeFailure(error: unknown): object {
  if (!(error instanceof GatewayError)) throw error
  return { error: { code: error.code, message: error.message } }
}

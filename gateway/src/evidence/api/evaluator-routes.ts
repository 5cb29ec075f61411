import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { restEndpoint } from '../../rest/rest-endpoint.ts'
import { restRoute } from '../../rest/rest-route.ts'
import { isUuid } from '../../uuid.ts'
import type { Evaluator } from '../evaluators/evaluator.ts'
import { checkNames } from '../evaluators/run-check.ts'
import { type EvaluatorTemplate, evaluatorTemplates } from '../evaluators/templates.ts'
import { evaluateTrace } from './evaluate-trace.ts'
import type { EvidenceDependencies } from './evidence-dependencies.ts'
import { invalidBody } from './invalid-body.ts'
import { notFound, readText } from './read-query.ts'

/** `/api/v1/evaluators`, and running them on a trace. */
export function evaluatorRoutes(deps: EvidenceDependencies): Route<Endpoint>[] {
  return [
    restRoute('GET', '/evaluators', list(deps)),
    restRoute('POST', '/evaluators', create(deps)),
    restRoute('POST', '/evaluators/register', register(deps)),
    restRoute('GET', '/evaluators/templates', listTemplates(deps)),
    restRoute('GET', '/evaluators/{id}', show(deps)),
    restRoute('PUT', '/evaluators/{id}', update(deps)),
    restRoute('DELETE', '/evaluators/{id}', remove(deps)),
    restRoute('POST', '/traces/{id}/evaluate', evaluateTrace(deps)),
  ]
}

const name = z.string().trim().min(1).max(100)
const text = (most: number) => z.string().max(most).nullish()
const threshold = z.number().min(0).max(1).nullish()

const settings = {
  category: text(100),
  threshold,
  display_name: text(255),
  description: text(1_024),
  model: text(255),
  prompt_template: text(20_000),
  check: z.enum(checkNames).nullish(),
  value: z.union([z.string().max(2_000), z.number()]).nullish(),
}

const createSchema = z.object({
  agent_name: text(255),
  template_id: text(100),
  name: name.nullish(),
  eval_type: z.enum(['deterministic', 'llm_judge']).nullish(),
  enabled: z.boolean().nullish(),
  ...settings,
})

const updateSchema = z.object({ enabled: z.boolean().nullish(), ...settings })

const registerSchema = z.object({
  evaluators: z
    .array(
      z.object({
        name,
        agent_name: text(255),
        eval_type: text(100),
        category: text(100),
        threshold,
        display_name: text(255),
        description: text(1_024),
      }),
    )
    .max(500),
})

function list(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ query, workspaceId }) => {
      const evaluators = await deps.store.listEvaluators(workspaceId, readText(query, 'agent_name'))
      return { body: { evaluators: evaluators.map(formatEvaluator), total: evaluators.length } }
    },
  })
}

function listTemplates(deps: EvidenceDependencies): Endpoint {
  const categories: Record<string, string[]> = {}
  for (const { id, category } of evaluatorTemplates) {
    categories[category] = [...(categories[category] ?? []), id]
  }
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: () => ({ body: { templates: evaluatorTemplates, categories } }),
  })
}

function create(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: createSchema,
    answer: async ({ workspaceId, body }) => {
      const [saved] = await deps.store.registerEvaluators(workspaceId, [draft(deps, body)])
      if (saved === undefined) throw new Error('an evaluator was saved and not returned')
      return { body: { status: 'ok', ...formatEvaluator(saved) } }
    },
  })
}

function draft(deps: EvidenceDependencies, body: z.output<typeof createSchema>): Evaluator {
  const template = evaluatorTemplates.find(({ id }) => id === body.template_id)
  if (body.template_id != null && template === undefined) {
    throw invalidBody('template_id', `is none of ${evaluatorTemplates.map(({ id }) => id).join(', ')}`)
  }
  const evalType = template?.eval_type ?? body.eval_type
  const called = body.name ?? template?.name
  if (called == null) throw invalidBody('name', 'is required without template_id')
  if (evalType == null) throw invalidBody('eval_type', 'is required without template_id')
  const check = body.check ?? template?.check ?? null
  const prompt = body.prompt_template ?? template?.prompt_template ?? null
  if (evalType === 'deterministic' && check === null) {
    throw invalidBody('check', `a deterministic evaluator needs one of ${checkNames.join(', ')}`)
  }
  if (evalType === 'llm_judge' && prompt === null)
    throw invalidBody('prompt_template', 'a judge needs a prompt')
  const at = deps.now()
  return {
    id: deps.newId(),
    agentName: body.agent_name ?? '',
    name: called,
    origin: 'platform',
    evalType,
    category: body.category ?? template?.category ?? 'custom',
    threshold: body.threshold ?? template?.threshold ?? 0.5,
    enabled: body.enabled ?? true,
    settings: { ...draftSettings(body, template), prompt_template: prompt, check },
    createdAt: at,
    updatedAt: at,
  }
}

function draftSettings(
  body: z.output<typeof createSchema>,
  template: EvaluatorTemplate | undefined,
): Evaluator['settings'] {
  return {
    display_name: body.display_name ?? null,
    description: body.description ?? template?.description ?? null,
    template_id: template?.id ?? null,
    model: body.model ?? null,
    value: body.value ?? template?.value ?? null,
  }
}

/** Names of evaluators that run in a client. Those without a type are taken for deterministic. */
function register(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: registerSchema,
    answer: async ({ workspaceId, body }) => {
      const at = deps.now()
      const byName = new Map(body.evaluators.map((item) => [`${item.agent_name ?? ''}\n${item.name}`, item]))
      const drafts = [...byName.values()].map(
        (item): Evaluator => ({
          id: deps.newId(),
          agentName: item.agent_name ?? '',
          name: item.name,
          origin: 'sdk',
          evalType: item.eval_type === 'llm_judge' ? 'llm_judge' : 'deterministic',
          category: item.category ?? 'custom',
          threshold: item.threshold ?? 0.5,
          enabled: true,
          settings: { display_name: item.display_name ?? null, description: item.description ?? null },
          createdAt: at,
          updatedAt: at,
        }),
      )
      const saved = drafts.length === 0 ? [] : await deps.store.registerEvaluators(workspaceId, drafts)
      return { body: { registered: saved.map(formatEvaluator), total: saved.length } }
    },
  })
}

function show(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ params, workspaceId }) => {
      const id = readId(params['id'])
      const evaluator = await deps.store.findEvaluator(workspaceId, id)
      if (evaluator === null) throw unknownEvaluator(id)
      return { body: formatEvaluator(evaluator) }
    },
  })
}

function update(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: updateSchema,
    answer: async ({ params, workspaceId, body }) => {
      const id = readId(params['id'])
      const { enabled, threshold: limit, category, ...rest } = body
      const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
      const changes = {
        settings: given,
        ...(enabled == null ? {} : { enabled }),
        ...(limit == null ? {} : { threshold: limit }),
        ...(category == null ? {} : { category }),
      }
      const changed = await deps.store.updateEvaluator(workspaceId, id, changes, deps.now())
      if (changed === null) throw unknownEvaluator(id)
      return { body: { status: 'ok', ...formatEvaluator(changed) } }
    },
  })
}

function remove(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ params, workspaceId }) => {
      const id = readId(params['id'])
      if (!(await deps.store.deleteEvaluator(workspaceId, id))) throw unknownEvaluator(id)
      return { body: { status: 'ok', deleted: true } }
    },
  })
}

function readId(id: string | undefined): string {
  if (id === undefined || !isUuid(id)) throw unknownEvaluator(id ?? '')
  return id
}

function unknownEvaluator(id: string) {
  return notFound(`There is no evaluator ${JSON.stringify(id.slice(0, 64))}.`)
}

function formatEvaluator(evaluator: Evaluator): Record<string, unknown> {
  return {
    id: evaluator.id,
    name: evaluator.name,
    agent_name: evaluator.agentName === '' ? null : evaluator.agentName,
    origin: evaluator.origin,
    eval_type: evaluator.evalType,
    category: evaluator.category,
    threshold: evaluator.threshold,
    enabled: evaluator.enabled,
    ...evaluator.settings,
    created_at: new Date(evaluator.createdAt).toISOString(),
    updated_at: new Date(evaluator.updatedAt).toISOString(),
  }
}

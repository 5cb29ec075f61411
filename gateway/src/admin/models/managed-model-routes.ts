import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Method, Route } from '../../http/router.ts'
import { actorOf, type Caller } from '../../identity/caller.ts'
import { holdsPermission } from '../../identity/permissions.ts'
import type { ManagedModel } from '../../managed-models/managed-models.ts'
import { type ControlEndpointOptions, controlEndpoint } from '../../rest/control-endpoint.ts'
import { describeModel } from './describe-model.ts'
import type { ModelInfoDependencies } from './model-info-routes.ts'

export interface ManagedModelDependencies extends ModelInfoDependencies {
  readonly now: () => number
}

const fields = z.record(z.string(), z.unknown())
const newModelSchema = z.looseObject({
  model_name: z.string().min(1).max(256),
  litellm_params: z.looseObject({ model: z.string().min(1) }),
  model_info: fields.nullish(),
})
const changedFields = {
  model_name: z.string().min(1).max(256).nullish(),
  litellm_params: fields.nullish(),
  model_info: fields.nullish(),
} as const
const patchSchema = z.looseObject(changedFields)
// LiteLLM's own client names the model at the top, its documentation in `model_info`.
const updateSchema = z
  .looseObject({ ...changedFields, id: z.string().min(1).nullish() })
  .transform(({ id, ...body }, context) => {
    const named = id ?? body.model_info?.['id']
    if (typeof named === 'string' && named !== '') return { ...body, id: named }
    context.addIssue({
      code: 'custom',
      path: ['model_info', 'id'],
      message: 'Give the id of the model to change',
    })
    return z.NEVER
  })
const deleteSchema = z.object({ id: z.string().min(1) })
const replaceSchema = z.looseObject({
  litellm_params: z.looseObject({ model: z.string().min(1) }),
  model_info: fields.nullish(),
})

type NewModel = z.infer<typeof newModelSchema>

/** `/model/*` and `/api/v1/routeiq/models`: models are added, changed and removed while the gateway serves. */
export function managedModelRoutes(deps: ManagedModelDependencies): Route<Endpoint>[] {
  const { managed, runtime } = deps
  const route = <Body>(
    method: Method,
    template: string,
    permission: 'model.read' | 'model.write',
    options: Pick<ControlEndpointOptions<Body>, 'errors' | 'body' | 'answer'>,
  ): Route<Endpoint> => {
    const alsoAdmits = (caller: Caller): boolean => holdsPermission(caller, permission)
    const handler = controlEndpoint({ identity: deps.identity, alsoAdmits, ...options })
    return { method, template, auth: 'admin', handler }
  }
  const litellm = { errors: 'openai-chat' } as const
  const add = ({ model_name, litellm_params, model_info }: NewModel, caller: Caller | null) =>
    managed.add({ modelName: model_name, params: litellm_params, info: model_info ?? {} }, actorOf(caller))
  const change = (id: string, body: z.infer<typeof patchSchema>, caller: Caller | null) =>
    managed.change(
      id,
      {
        modelName: body.model_name ?? undefined,
        params: body.litellm_params ?? undefined,
        info: body.model_info ?? undefined,
      },
      actorOf(caller),
    )
  const root = '/api/v1/routeiq/models'
  const answerOf = (name: string, action: string) => ({
    ...{ model_name: name, action },
    model_count: runtime().config.models.length,
  })
  return [
    route('POST', '/model/new', 'model.write', {
      ...{ ...litellm, body: newModelSchema },
      answer: async ({ body, caller }) => ({ body: describeManaged(deps, await add(body, caller)) }),
    }),
    route('POST', '/model/update', 'model.write', {
      ...{ ...litellm, body: updateSchema },
      answer: async ({ body: { id, ...body }, caller }) => ({
        body: describeManaged(deps, await change(id, body, caller)),
      }),
    }),
    route('PATCH', '/model/{id}/update', 'model.write', {
      ...{ ...litellm, body: patchSchema },
      answer: async ({ params, body, caller }) => ({
        body: describeManaged(deps, await change(params['id'] ?? '', body, caller)),
      }),
    }),
    route('POST', '/model/delete', 'model.write', {
      ...{ ...litellm, body: deleteSchema },
      answer: async ({ body: { id } }) => {
        await managed.remove(id)
        return { body: { message: `Model: ${id} deleted successfully` } }
      },
    }),
    route('GET', root, 'model.read', {
      body: null,
      answer: async () => {
        await managed.refresh()
        return { body: listHealth(deps) }
      },
    }),
    route('POST', root, 'model.write', {
      body: newModelSchema,
      answer: async ({ body, caller }) => {
        const { model_name: name } = body
        await managed.refresh()
        if (runtime().config.models.some(({ modelName }) => modelName === name))
          throw new GatewayError('conflict', `There is a model named ${name}.`, { param: 'model_name' })
        await add(body, caller)
        return { status: 201, body: answerOf(name, 'added') }
      },
    }),
    route('PUT', `${root}/{name+}`, 'model.write', {
      body: replaceSchema,
      answer: async ({ params, body, caller }) => {
        const name = params['name'] ?? ''
        const [model, other] = await requireNamed(deps, name)
        if (other !== undefined)
          throw new GatewayError('conflict', `${name} has several deployments; change one by /model/update.`)
        const gone = Object.fromEntries(Object.keys(model.params).map((key) => [key, null]))
        const litellm_params = { ...gone, ...body.litellm_params }
        await change(model.id, { litellm_params, model_info: body.model_info }, caller)
        return { body: answerOf(name, 'updated') }
      },
    }),
    route('DELETE', `${root}/{name+}`, 'model.write', {
      body: null,
      answer: async ({ params }) => {
        const name = params['name'] ?? ''
        for (const { id } of await requireNamed(deps, name)) await managed.remove(id)
        return { body: answerOf(name, 'removed') }
      },
    }),
  ]
}

/** Errors: 404, 409 `config_managed` where every model of the name stands in the configuration. */
async function requireNamed(
  { managed, runtime }: ManagedModelDependencies,
  name: string,
): Promise<[ManagedModel, ...ManagedModel[]]> {
  await managed.refresh()
  const [first, ...others] = [...managed.models.values()].filter(({ modelName }) => modelName === name)
  if (first !== undefined) return [first, ...others]
  if (runtime().config.models.some(({ modelName }) => modelName === name))
    throw new GatewayError('config_managed', `${name} stands in the configuration; change it there.`)
  throw new GatewayError('not_found', `There is no model named ${name.slice(0, 256)}.`, { param: 'name' })
}

/** A managed model as LiteLLM's management answers show it. */
function describeManaged({ runtime, prices }: ManagedModelDependencies, model: ManagedModel): object {
  const { id, modelName, info, createdBy, updatedBy, createdAt, updatedAt } = model
  const { routing } = runtime()
  const deployment =
    routing.byDeploymentId.get(id) ??
    routing.wildcards.flatMap(({ deployments }) => deployments).find((candidate) => candidate.id === id)
  const shown = deployment === undefined ? null : describeModel(deployment, prices)
  return {
    model_id: id,
    model_name: modelName,
    litellm_params: shown?.['litellm_params'] ?? { model: model.params['model'] },
    model_info: shown?.['model_info'] ?? { ...info, id, db_model: true },
    created_by: createdBy,
    updated_by: updatedBy,
    created_at: new Date(createdAt).toISOString(),
    updated_at: new Date(updatedAt).toISOString(),
  }
}

function listHealth({ runtime, now }: ManagedModelDependencies): object[] {
  const at = now()
  return [...runtime().routing.byDeploymentId.values()].map(({ id, group, provider, state }) => ({
    model_name: group,
    provider: provider.id,
    model_id: id,
    status: state.isCoolingDown(at) ? 'unavailable' : state.isProbeTaken(at) ? 'degraded' : 'active',
  }))
}

import type { Deployment, ModelGroup } from '../../deployments/deployment.ts'
import { listModels } from '../../deployments/list-models.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import { holdsPermission } from '../../identity/permissions.ts'
import type { ManagedModels } from '../../managed-models/managed-models.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import type { Runtime } from '../../pipeline/model-request.ts'
import type { PriceTable } from '../../pricing/price-table.ts'
import { picoPerUsd } from '../../pricing/prices.ts'
import { controlEndpoint } from '../../rest/control-endpoint.ts'
import { readCount } from '../governance/read-count.ts'
import { describeModel } from './describe-model.ts'

export interface ModelInfoDependencies {
  readonly identity: Identity
  readonly runtime: () => Runtime
  readonly prices: PriceTable
  readonly managed: ManagedModels
}

/** `/model/info` and `/model_group/info`: what is known of the models that the caller may use. */
export function modelInfoRoutes(deps: ModelInfoDependencies): Route<Endpoint>[] {
  const route = (
    template: string,
    answer: (caller: Caller | null, query: URLSearchParams) => object,
    aliased = true,
  ): Route<Endpoint> => ({
    ...{ method: 'GET', auth: 'user', template, aliased },
    handler: controlEndpoint({
      ...{ identity: deps.identity, errors: 'openai-chat', body: null },
      answer: async ({ caller, query }) => {
        // What another process changed a moment ago counts as well.
        await deps.managed.refresh()
        return { body: answer(caller, query) }
      },
    }),
  })
  const listed = (caller: Caller | null, query: URLSearchParams): object[] =>
    deploymentsOf(deps.runtime(), visibleGroups(deps, caller))
      .filter(({ id }) => (query.get('litellm_model_id') ?? id) === id)
      .map((deployment) => describeModel(deployment, deps.prices))
  return [
    route('/model/info', (caller, query) => ({ data: listed(caller, query) })),
    route('/v2/model/info', (caller, query) => pageOf(listed(caller, query), query), false),
    route('/model_group/info', (caller, query) => {
      const name = query.get('model_group')
      const groups = visibleGroups(deps, caller).filter((group) => name === null || group.name === name)
      return { data: groups.map(describeGroup) }
    }),
  ]
}

function visibleGroups({ runtime, prices }: ModelInfoDependencies, caller: Caller | null): ModelGroup[] {
  const { routing } = runtime()
  const groups = [...routing.groups.values()]
  if (caller === null || holdsPermission(caller, 'model.read')) return groups
  const { grants: key, layers, teamId } = caller
  const request = { key, layers, teamId, expandWildcards: false }
  const names = new Set(listModels(routing, request, prices).map(({ id }) => id))
  return groups.filter(({ name }) => names.has(name))
}

function deploymentsOf({ routing }: Runtime, groups: readonly ModelGroup[]): Deployment[] {
  const wildcards = routing.wildcards.flatMap(({ deployments }) => deployments)
  return [...groups.flatMap(({ deployments }) => deployments), ...wildcards]
}

function pageOf(all: readonly object[], query: URLSearchParams): object {
  const page = readCount(query, 'page', 1, Number.MAX_SAFE_INTEGER)
  const size = readCount(query, 'size', 50, 1_000)
  return {
    data: all.slice((page - 1) * size, page * size),
    total_count: all.length,
    current_page: page,
    total_pages: Math.ceil(all.length / size),
    size,
  }
}

function describeGroup({ name, deployments }: ModelGroup): object {
  const most = (numbers: readonly (number | null)[]): number | null =>
    numbers.reduce((most, number) => (number === null ? most : Math.max(most ?? 0, number)), null)
  const sum = (numbers: readonly (number | null)[]): number | null =>
    numbers.reduce((sum, number) => (number === null ? sum : (sum ?? 0) + number), null)
  const facts = deployments.map((deployment) => deployment.facts)
  return {
    model_group: name,
    providers: [...new Set(deployments.map(({ provider }) => provider.id))],
    mode: deployments[0]?.config.info.mode ?? null,
    max_input_tokens: most(facts.map(({ maxInputTokens }) => maxInputTokens)),
    max_output_tokens: most(facts.map(({ maxOutputTokens }) => maxOutputTokens)),
    input_cost_per_token: most(deployments.map(({ prices }) => inUsd(prices?.steps[0].rates.standard.input))),
    output_cost_per_token: most(
      deployments.map(({ prices }) => inUsd(prices?.steps[0].rates.standard.output)),
    ),
    rpm: sum(deployments.map(({ requestsPerMinute }) => requestsPerMinute)),
    tpm: sum(deployments.map(({ tokensPerMinute }) => tokensPerMinute)),
    ...Object.assign({}, ...facts.map(({ supports }) => supports)),
  }
}

const inUsd = (pico: bigint | null | undefined): number | null =>
  pico == null ? null : Number(pico) / picoPerUsd

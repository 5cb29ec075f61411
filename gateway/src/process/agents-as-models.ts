import { findUsableAgent, listUsableAgents } from '../a2a/agents/agent-access.ts'
import type { AgentDirectory } from '../a2a/agents/agent-directory.ts'
import type { RemoteAgent } from '../a2a/agents/remote-agent.ts'
import type { DeploymentStates } from '../balancing/deployment-states.ts'
import type { GatewayConfig } from '../config/config.ts'
import { readModelEntry } from '../config/models/model-entry.ts'
import { Report } from '../config/report.ts'
import { buildDeployment } from '../deployments/build-deployment.ts'
import { buildGroup } from '../deployments/build-group.ts'
import type { ModelGroup } from '../deployments/deployment.ts'
import { type AgentModels, noAgentModels } from '../deployments/routing-snapshot.ts'
import type { PriceTable } from '../pricing/price-table.ts'
import * as registry from '../providers/registry.ts'

const prefix = 'a2a/'

type Directory = Pick<AgentDirectory, 'find' | 'list'>

/** Agents as the models `a2a/<agent>`: none until they are served. */
export class AgentsAsModels {
  #directory: Directory | null = null

  serve(directory: Directory): void {
    this.#directory = directory
  }

  /** Under one configuration. What an agent is as a model is built once, and anew when either has changed. */
  under(config: GatewayConfig, sources: { prices: PriceTable; states: DeploymentStates }): AgentModels {
    if (!config.a2a.isEnabled) return noAgentModels
    const built = new WeakMap<RemoteAgent, ModelGroup>()
    const groupOf = (agent: RemoteAgent): ModelGroup => {
      const group = built.get(agent) ?? buildAgentGroup(agent, config, sources)
      built.set(agent, group)
      return group
    }
    return {
      find: (name, grants) => {
        if (!name.startsWith(prefix) || this.#directory === null) return null
        const agent = findUsableAgent(this.#directory, name.slice(prefix.length), grants)
        return agent === null ? null : groupOf(agent)
      },
      list: (grants) =>
        this.#directory === null ? [] : listUsableAgents(this.#directory, grants).map(groupOf),
    }
  }
}

/** A message is never sent to an agent twice, so there are no retries. */
function buildAgentGroup(
  { name, agentId, params }: RemoteAgent,
  config: GatewayConfig,
  sources: { prices: PriceTable; states: DeploymentStates },
): ModelGroup {
  const model = prefix + name
  const { cost_per_query, input_cost_per_token = 0, output_cost_per_token = 0 } = params
  const isPriced = [cost_per_query, params['input_cost_per_token'], params['output_cost_per_token']].some(
    (price) => price !== undefined,
  )
  const prices = {
    input_cost_per_token,
    output_cost_per_token,
    ...(cost_per_query === undefined ? {} : { input_cost_per_request: cost_per_query }),
  }
  const entry = {
    model_name: model,
    litellm_params: { model, num_retries: 0, ...(isPriced ? prices : {}) },
    model_info: { id: agentId, mode: 'chat' },
  }
  const [modelConfig] = readModelEntry(
    { entry, path: [model], derivedId: agentId },
    {
      readFile: () => null,
      catalog: registry,
      env: {},
      credentials: new Map(),
      candidates: new Map(),
      report: new Report(),
    },
  )
  if (modelConfig === undefined) throw new Error(`the agent ${name} cannot be a model`)
  const { findProvider, findWire } = registry
  const { costAdjustments, routing } = config
  const all = { findProvider, findWire, ...sources, costAdjustments }
  return buildGroup(model, [buildDeployment(modelConfig, routing, all)])
}

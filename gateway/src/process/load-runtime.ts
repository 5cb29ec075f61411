import { readFileSync } from 'node:fs'
import { createStrategy } from '../balancing/create-strategy.ts'
import type { DeploymentStates } from '../balancing/deployment-states.ts'
import type { Strategy } from '../balancing/strategy.ts'
import type { GatewayConfig } from '../config/config.ts'
import type { ConfigFlags } from '../config/config-flags.ts'
import type { Diagnostic } from '../config/diagnostics.ts'
import { type LoadConfigInput, type LoadedConfig, loadConfig } from '../config/load-config.ts'
import { buildSnapshot } from '../deployments/build-snapshot.ts'
import { ModelList } from '../deployments/model-list.ts'
import { checkRouters } from '../model-routing/check-routers.ts'
import type { Runtime } from '../pipeline/model-request.ts'
import { compilePolicies, type Policies } from '../policy-engine/compile-policies.ts'
import type { PriceTable } from '../pricing/price-table.ts'
import * as registry from '../providers/registry.ts'
import { AgentsAsModels } from './agents-as-models.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Reads files, environment and flags, and what is kept elsewhere; never throws. */
export function readConfiguration(
  flags: ConfigFlags,
  env: Environment,
  more: Pick<LoadConfigInput, 'managed' | 'document' | 'overrides'> = {},
): LoadedConfig {
  return loadConfig({ readFile: readText, env, flags, providers: registry, ...more })
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

export interface CompiledRuntime {
  readonly runtime: Runtime
  readonly strategy: Strategy
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Compiles a configuration into what requests read. Pure but for the deployment states it shares. `current` are the policies
 * in force, which stay there when new ones cannot be used.
 */
export function compileRuntime(
  config: GatewayConfig,
  states: DeploymentStates,
  prices: PriceTable,
  agents = new AgentsAsModels(),
  current: Policies | null = null,
): CompiledRuntime {
  const { findProvider, findWire } = registry
  const sources = { findProvider, findWire, prices, states }
  const built = buildSnapshot(config, sources, agents.under(config, sources))
  const chosen = createStrategy(config.routing)
  const { policies, problems } = compilePolicies(config.policy)
  const { bannedModels } = config.governance
  const keepsPolicies = problems.length > 0 && current !== null
  return {
    runtime: {
      config,
      routing: built.snapshot,
      banned: bannedModels.length === 0 ? null : new ModelList(bannedModels),
      policies: keepsPolicies ? current : policies,
    },
    strategy: chosen.strategy,
    diagnostics: [
      ...built.diagnostics,
      ...chosen.diagnostics,
      ...checkRouters(built.snapshot, config),
      ...problems.map((problem) => describeProblem(config, problem, keepsPolicies)),
    ],
  }
}

function describeProblem({ policy }: GatewayConfig, problem: string, keepsPolicies: boolean): Diagnostic {
  const without = policy.failsClosed ? 'every request is refused' : 'every request passes'
  return {
    severity: 'error',
    path: policy.path ?? 'POLICY_CONFIG_PATH',
    message: problem,
    hint: keepsPolicies ? 'the rules in force stay in force' : `${without} until the rules can be used`,
  }
}

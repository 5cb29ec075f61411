import type { GatewayConfig, ModelConfig } from '../config/config.ts'
import type { Diagnostic } from '../config/diagnostics.ts'
import { buildDeployment, type DeploymentSources } from './build-deployment.ts'
import { buildGroup } from './build-group.ts'
import type { Deployment, ModelGroup } from './deployment.ts'
import { comparePatterns } from './match-pattern.ts'
import { buildRoutedGroups } from './routed-group.ts'
import type { AgentModels, RoutingSnapshot } from './routing-snapshot.ts'
import { SharedParts } from './shared-parts.ts'
import { createWildcardGroup } from './wildcard-group.ts'

/** A snapshot and what the operator should know about entries that could not be used. */
export interface BuiltSnapshot {
  readonly snapshot: RoutingSnapshot
  readonly diagnostics: readonly Diagnostic[]
}

/** Compiles a configuration for routing. Entries that cannot be used become diagnostics; the others work. */
export function buildSnapshot(
  config: GatewayConfig,
  sources: Omit<DeploymentSources, 'costAdjustments'>,
  agents: AgentModels,
): BuiltSnapshot {
  const diagnostics: Diagnostic[] = []
  const deployments = buildDeployments(config, sources, diagnostics)
  const named = groupByName(deployments)
  const groups = new Map<string, ModelGroup>()
  const patterns: string[] = []
  for (const [name, members] of named) {
    if (name.includes('*')) patterns.push(name)
    else groups.set(name, buildGroup(name, members))
  }
  const wildcards = patterns
    .sort(comparePatterns)
    .map((pattern) => createWildcardGroup(pattern, named.get(pattern) ?? [], sources.prices))
  warnMixedLimits(named, diagnostics)
  const byDeploymentId = indexById(deployments)
  const snapshot: RoutingSnapshot = {
    versionHash: config.versionHash,
    routing: config.routing,
    completionModel: config.requests.completionModel,
    groups,
    wildcards,
    byDeploymentId,
    idsLikeGroups: new Set([...groups.keys()].filter((name) => byDeploymentId.has(name))),
    aliases: config.aliases,
    teamModels: groupByTeam(deployments),
    ...buildRoutedGroups(groups, config),
    deploymentIds: new Set(deployments.map((deployment) => deployment.id)),
    agents,
  }
  return { snapshot, diagnostics }
}

function buildDeployments(
  config: GatewayConfig,
  sources: Omit<DeploymentSources, 'costAdjustments'>,
  diagnostics: Diagnostic[],
): readonly Deployment[] {
  const deployments: Deployment[] = []
  const parts = new SharedParts()
  const { costAdjustments } = config
  for (const [index, model] of config.models.entries()) {
    const path = `model_list[${index}] (${model.modelName})`
    try {
      checkStars(model)
      deployments.push(parts.share(buildDeployment(model, config.routing, { ...sources, costAdjustments })))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      diagnostics.push({ severity: 'error', path, message: `${reason}; the entry is left out` })
    }
  }
  return deployments
}

function checkStars(model: ModelConfig): void {
  if (countStars(model.upstreamModel) > countStars(model.modelName)) {
    throw new Error('`litellm_params.model` holds more `*` than `model_name`')
  }
}

function countStars(text: string): number {
  return text.split('*').length - 1
}

function groupByName(deployments: readonly Deployment[]): ReadonlyMap<string, readonly Deployment[]> {
  const named = new Map<string, Deployment[]>()
  for (const deployment of deployments) {
    const members = named.get(deployment.group)
    if (members === undefined) named.set(deployment.group, [deployment])
    else members.push(deployment)
  }
  return named
}

function indexById(deployments: readonly Deployment[]): ReadonlyMap<string, Deployment> {
  const byId = new Map<string, Deployment>()
  for (const deployment of deployments) {
    if (!deployment.config.upstreamModel.includes('*')) byId.set(deployment.id, deployment)
  }
  return byId
}

function groupByTeam(
  deployments: readonly Deployment[],
): ReadonlyMap<string, ReadonlyMap<string, ModelGroup>> {
  const teams = new Map<string, Map<string, Deployment[]>>()
  for (const deployment of deployments) {
    const { teamId, teamPublicModelName: publicName } = deployment.config.info
    if (teamId === null || publicName === null) continue
    const team = teams.get(teamId) ?? new Map<string, Deployment[]>()
    teams.set(teamId, team)
    team.set(publicName, [...(team.get(publicName) ?? []), deployment])
  }
  const groups = new Map<string, ReadonlyMap<string, ModelGroup>>()
  for (const [teamId, names] of teams) {
    groups.set(teamId, new Map([...names].map(([name, members]) => [name, buildGroup(name, members)])))
  }
  return groups
}

function warnMixedLimits(named: ReadonlyMap<string, readonly Deployment[]>, diagnostics: Diagnostic[]): void {
  for (const [name, members] of named) {
    if (members.some(({ config }) => config.weight !== null)) continue
    const withRequests = members.filter(({ config }) => config.requestsPerMinute !== null).length
    const withTokens = members.filter(({ config }) => config.tokensPerMinute !== null).length
    if (withRequests === members.length || withTokens === members.length) continue
    if (withRequests === 0 && withTokens === 0) continue
    diagnostics.push({
      severity: 'warning',
      path: `model_list (${name})`,
      message:
        'only some deployments of the group have `rpm` or `tpm`, so simple-shuffle treats all of them alike',
      hint: 'give every deployment `rpm`, every one `tpm`, or use `weight`',
    })
  }
}

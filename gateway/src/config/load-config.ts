import { createHash } from 'node:crypto'
import { checkEnvironment } from './checks/check-environment.ts'
import { checkReferences } from './checks/check-references.ts'
import { checkSecrets } from './checks/check-secrets.ts'
import { checkSections } from './checks/check-sections.ts'
import { checkTreeFeatures } from './checks/check-tree-features.ts'
import type { ConfigSource, GatewayConfig, ModelConfig, RemoteConfig } from './config.ts'
import { type ConfigFlags, flagSettings } from './config-flags.ts'
import type { Diagnostic } from './diagnostics.ts'
import { locateConfig } from './locate-config.ts'
import { appendManaged, type ManagedEntries } from './managed-entries.ts'
import { readAliases } from './models/aliases.ts'
import { readCandidateFacts } from './models/candidate-facts.ts'
import { readCredentials } from './models/credentials.ts'
import { demoModels, modelsFromEnvironment } from './models/environment-models.ts'
import type { ModelContext } from './models/model-entry.ts'
import { canonicalJson } from './models/model-id.ts'
import { deriveModelIds, readModelList, singleModel } from './models/model-list.ts'
import type { ProviderCatalog } from './provider-catalog.ts'
import { Report } from './report.ts'
import { readA2aConfig } from './settings/a2a-config.ts'
import { readAuditConfig } from './settings/audit-config.ts'
import { readCacheConfig } from './settings/cache-config.ts'
import { type ConfigSections, openSections, sectionWith } from './settings/config-sections.ts'
import { readConfigSync } from './settings/config-sync-config.ts'
import { readContextOptimizerConfig } from './settings/context-optimizer-config.ts'
import { readEgressConfig } from './settings/egress-config.ts'
import { readEvidenceConfig } from './settings/evidence-config.ts'
import { readFunctionSkills } from './settings/function-skills-config.ts'
import { readGovernanceConfig } from './settings/governance-config.ts'
import { readIdentityConfig } from './settings/identity-config.ts'
import { readInjectionConfig } from './settings/injection-config.ts'
import { readMcpConfig } from './settings/mcp-config.ts'
import { readModelRoutingConfig } from './settings/model-routing-config.ts'
import { readPassThroughConfig } from './settings/pass-through-config.ts'
import { readPluginsConfig } from './settings/plugins-config.ts'
import { readPolicyConfig } from './settings/policy-config.ts'
import { readQuotaConfig } from './settings/quota-config.ts'
import { readRequestConfig } from './settings/request-config.ts'
import { ResolvedSettings } from './settings/resolved-settings.ts'
import { readRoutingConfig } from './settings/routing-config.ts'
import { readServerConfig } from './settings/server-config.ts'
import { readSkillRouterConfig } from './settings/skill-router-config.ts'
import { readSkillsConfig } from './settings/skills-config.ts'
import { readStorageConfig } from './settings/storage-config.ts'
import { readStrategyChoice } from './settings/strategy.ts'
import { readTelemetryConfig } from './settings/telemetry-config.ts'
import { exportEnvironmentBlock } from './source/environment-block.ts'
import { type ReadFile, readWithIncludes } from './source/include-files.ts'
import { type Environment, interpolateTree } from './source/interpolate.ts'
import { SourceMap } from './source/source-map.ts'
import type { UnknownRecord } from './values/coerce.ts'

export interface LoadConfigInput {
  readonly readFile: ReadFile
  readonly env: Environment
  readonly flags: ConfigFlags
  readonly providers: ProviderCatalog
  /** Entries that are kept elsewhere and count like those of the file. */
  readonly managed?: ManagedEntries
  /** Takes the place of the configuration file. */
  readonly document?: ConfigDocument | null
  /** Setting id → value, before flags, environment and file. */
  readonly overrides?: ReadonlyMap<string, unknown>
}

/** A configuration that was fetched, in place of a file. */
export interface ConfigDocument {
  readonly kind: RemoteConfig['kind']
  /** The place without credentials: `s3://bucket/config.yaml`. */
  readonly location: string
  readonly text: string
}

export interface LoadedConfig {
  /** Null when an error leaves nothing that may be used. Errors beside a configuration are parts left out of it. */
  readonly config: GatewayConfig | null
  readonly diagnostics: readonly Diagnostic[]
  /** Every file that was read or looked for, also when the load failed: what a watch should follow. */
  readonly files: readonly string[]
}

/** Reads files, variables and flags into one configuration and reports every problem at once. Never throws. */
export function loadConfig(input: LoadConfigInput): LoadedConfig {
  const report = new Report()
  const asked = new Set<string>()
  const readFile: ReadFile = (path) => {
    asked.add(path)
    return input.readFile(path)
  }
  const tree = readTree({ ...input, readFile }, report)
  if (input.managed !== undefined) appendManaged(tree.root, input.managed)
  const derivedIds = deriveModelIds(tree.root)
  report.locateWith((path) => tree.sourceMap.locate(tree.root, path))
  const env = exportEnvironmentBlock(tree.root, input.env, report)
  const { include: _include, environment_variables: _variables, ...root } = tree.root
  interpolateTree(root, env, report)
  const settings = new ResolvedSettings({
    flags: flagSettings(input.flags),
    overrides: input.overrides ?? new Map(),
    env,
    root,
    report,
  })
  checkEnvironment({ env: input.env, report, onlyErrors: settings.boolean('process.skip_env_validation') })
  checkSections(root, report)
  checkTreeFeatures(root, report)
  const sections = openSections(root, settings, report)
  const { models, kind } = readModels(
    { root, derivedIds, env, sections, hasFile: tree.files.length > 0 },
    { ...input, readFile },
  )
  const passThrough = readPassThroughConfig(sections, models, input.providers, env)
  const policy = readPolicyConfig(sections, readFile)
  const plugins = readPluginsConfig(sections, input.providers, env)
  const identity = readIdentityConfig(sections, readFile)
  const parts = { identity, passThrough, plugins }
  const assembled = assemble(sections, models, parts, root, { flags: input.flags, env })
  // The token of a pod is replaced again and again, which is no change of the configuration.
  const configSync = readConfigSync(sections, assembled.storage, (path) => input.readFile(path) !== null)
  const content = { ...assembled, policy, configSync }
  checkSecrets(content.identity, report)
  checkReferences(content, sections)
  const source: ConfigSource = {
    kind: input.document?.kind ?? kind,
    files: tree.files,
    checksum: tree.text === null ? null : createHash('md5').update(tree.text).digest('hex'),
  }
  const config = { source, versionHash: hashContent(content), ...content }
  return { config: report.isFatal ? null : config, diagnostics: report.diagnostics, files: [...asked] }
}

interface ConfigTree {
  readonly root: UnknownRecord
  /** The main file as it was read; null without one. */
  readonly text: string | null
  readonly files: readonly string[]
  readonly sourceMap: SourceMap
}

function readTree({ flags, env, readFile, document }: LoadConfigInput, report: Report): ConfigTree {
  const sourceMap = new SourceMap()
  const located = document ? { path: document.location, text: document.text } : null
  const main = located ?? locateConfig(flags, env, readFile, report)
  if (main === null) return { root: {}, text: null, files: [], sourceMap }
  const { path, text } = main
  return { ...readWithIncludes(path, text, { readFile, report, sourceMap }), text, sourceMap }
}

interface ModelSources {
  readonly root: UnknownRecord
  readonly derivedIds: readonly string[]
  readonly env: Environment
  readonly sections: ConfigSections
  readonly hasFile: boolean
}

/**
 * Models of the file; without a file those of the environment; without keys the demo model. Managed ones are listed with
 * those of the file.
 */
function readModels(
  { root, derivedIds, env, sections, hasFile }: ModelSources,
  { providers, flags, readFile }: LoadConfigInput,
): { models: readonly ModelConfig[]; kind: ConfigSource['kind'] } {
  const { report, settings } = sections
  const context: ModelContext = {
    readFile,
    catalog: providers,
    env,
    credentials: readCredentials(root['credential_list'], report),
    candidates: readCandidateFacts(candidatesPath(sections), readFile, report),
    report,
  }
  const environment = settings.text('process.litellm_environment')
  const listed = readModelList({ root, derivedIds, environment }, context)
  if (hasFile) return { models: listed, kind: 'file' }
  const found = flags.model === undefined ? modelsFromEnvironment(context) : singleModel(flags.model, context)
  if (found.length > 0) return { models: [...found, ...listed], kind: 'environment' }
  return { models: [...demoModels(context), ...listed], kind: 'demo' }
}

function candidatesPath(sections: ConfigSections): string | null {
  const args = sectionWith(sections, 'routing_strategy_args')?.record('routing_strategy_args')
  const written = args?.['llm_data_path']
  return typeof written === 'string' ? written : sections.settings.text('process.llm_data_path')
}

type ConfigContent = Omit<GatewayConfig, 'source' | 'versionHash'>

function assemble(
  sections: ConfigSections,
  models: readonly ModelConfig[],
  { identity, passThrough, plugins }: Pick<ConfigContent, 'identity' | 'passThrough' | 'plugins'>,
  root: UnknownRecord,
  { flags, env }: Pick<LoadConfigInput, 'flags' | 'env'>,
): Omit<ConfigContent, 'policy' | 'configSync'> {
  const { model_list: _models, credential_list: _credentials, ...rest } = root
  const strategy = readStrategyChoice(sections)
  const storage = readStorageConfig(sections)
  return {
    models,
    aliases: readAliases(sections, models),
    routing: readRoutingConfig(sections, flags, strategy, env),
    identity,
    audit: readAuditConfig(sections, identity.environment === 'production'),
    server: readServerConfig(sections, flags),
    storage,
    evidence: readEvidenceConfig(sections),
    ...readEgressConfig(sections),
    functionSkills: readFunctionSkills(root, sections),
    a2a: readA2aConfig(root, sections),
    mcp: readMcpConfig(root, sections),
    telemetry: readTelemetryConfig(sections),
    cache: readCacheConfig(sections, plugins),
    contextOptimizer: readContextOptimizerConfig(sections, plugins),
    requests: readRequestConfig(sections, flags),
    skills: readSkillsConfig(sections, plugins),
    plugins,
    skillRouter: readSkillRouterConfig(sections),
    skillInjection: readInjectionConfig(sections),
    governance: readGovernanceConfig(sections),
    quota: readQuotaConfig(sections),
    modelRouting: readModelRoutingConfig(sections, strategy),
    priceMapSource: readPriceMapSource(sections.settings),
    costAdjustments: {
      discounts: sections.litellm.record('cost_discount_config'),
      margins: sections.litellm.record('cost_margin_config'),
    },
    passThrough,
    sections: rest,
  }
}

/** `LITELLM_LOCAL_MODEL_COST_MAP` forbids fetching; a file is still read. */
function readPriceMapSource(settings: ResolvedSettings): string | null {
  const source = settings.text('process.price_map')
  const isRemote = source !== null && /^https?:/i.test(source)
  return isRemote && settings.boolean('process.local_price_map') ? null : source
}

function hashContent(content: ConfigContent): string {
  const { models, ...rest } = content
  const hash = createHash('sha256').update(JSON.stringify(models)).update(canonicalJson(rest))
  return `sha256:${hash.digest('hex').slice(0, 16)}`
}

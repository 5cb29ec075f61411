import { createHash } from 'node:crypto'
import { checkEnvironment } from './checks/check-environment.ts'
import { checkReferences } from './checks/check-references.ts'
import { checkSecrets } from './checks/check-secrets.ts'
import { checkSections } from './checks/check-sections.ts'
import { checkTreeFeatures } from './checks/check-tree-features.ts'
import type { ConfigSource, GatewayConfig, ModelConfig, PassThroughConfig } from './config.ts'
import { type ConfigFlags, flagSettings } from './config-flags.ts'
import type { Diagnostic } from './diagnostics.ts'
import { locateConfig } from './locate-config.ts'
import { appendManaged, type ManagedEntries } from './managed-entries.ts'
import { readAliases } from './models/aliases.ts'
import { readCredentials } from './models/credentials.ts'
import { demoModels, modelsFromEnvironment } from './models/environment-models.ts'
import type { ModelContext } from './models/model-entry.ts'
import { canonicalJson } from './models/model-id.ts'
import { deriveModelIds, readModelList, singleModel } from './models/model-list.ts'
import type { ProviderCatalog } from './provider-catalog.ts'
import { Report } from './report.ts'
import { readA2aConfig } from './settings/a2a-config.ts'
import { readCacheConfig } from './settings/cache-config.ts'
import { type ConfigSections, openSections } from './settings/config-sections.ts'
import { readEvidenceConfig } from './settings/evidence-config.ts'
import { readFunctionSkills } from './settings/function-skills-config.ts'
import { readGovernanceConfig } from './settings/governance-config.ts'
import { readIdentityConfig } from './settings/identity-config.ts'
import { readInjectionConfig } from './settings/injection-config.ts'
import { readMcpConfig } from './settings/mcp-config.ts'
import { readModelRoutingConfig } from './settings/model-routing-config.ts'
import { readPassThroughConfig } from './settings/pass-through-config.ts'
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
  const settings = new ResolvedSettings({ flags: flagSettings(input.flags), env, root, report })
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
  const content = { ...assemble(sections, models, passThrough, root, input.flags), policy }
  checkSecrets(content.identity, report)
  checkReferences(content, sections)
  const source: ConfigSource = { kind, files: tree.files }
  const config = { source, versionHash: hashContent(content), ...content }
  return { config: report.isFatal ? null : config, diagnostics: report.diagnostics, files: [...asked] }
}

interface ConfigTree {
  readonly root: UnknownRecord
  readonly files: readonly string[]
  readonly sourceMap: SourceMap
}

function readTree({ flags, env, readFile }: LoadConfigInput, report: Report): ConfigTree {
  const sourceMap = new SourceMap()
  const located = locateConfig(flags, env, readFile, report)
  if (located === null) return { root: {}, files: [], sourceMap }
  return { ...readWithIncludes(located.path, located.text, { readFile, report, sourceMap }), sourceMap }
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
    report,
  }
  const environment = settings.text('process.litellm_environment')
  const listed = readModelList({ root, derivedIds, environment }, context)
  if (hasFile) return { models: listed, kind: 'file' }
  const found = flags.model === undefined ? modelsFromEnvironment(context) : singleModel(flags.model, context)
  if (found.length > 0) return { models: [...found, ...listed], kind: 'environment' }
  return { models: [...demoModels(context), ...listed], kind: 'demo' }
}

type ConfigContent = Omit<GatewayConfig, 'source' | 'versionHash'>

function assemble(
  sections: ConfigSections,
  models: readonly ModelConfig[],
  passThrough: PassThroughConfig,
  root: UnknownRecord,
  flags: ConfigFlags,
): Omit<ConfigContent, 'policy'> {
  const { model_list: _models, credential_list: _credentials, ...rest } = root
  const strategy = readStrategyChoice(sections)
  return {
    models,
    aliases: readAliases(sections, models),
    routing: readRoutingConfig(sections, flags, strategy),
    identity: readIdentityConfig(sections),
    server: readServerConfig(sections, flags),
    storage: readStorageConfig(sections),
    evidence: readEvidenceConfig(sections),
    userEgress: {
      allowPrivate: sections.settings.boolean('ssrf.allow_private'),
      hosts: sections.settings.list('ssrf.host_allowlist'),
      networks: sections.settings.list('ssrf.cidr_allowlist'),
    },
    functionSkills: readFunctionSkills(root, sections),
    a2a: readA2aConfig(root, sections),
    mcp: readMcpConfig(root, sections),
    telemetry: readTelemetryConfig(sections),
    cache: readCacheConfig(sections),
    requests: readRequestConfig(sections, flags),
    skills: readSkillsConfig(sections),
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

import type { CacheControlInjectionPoint, ModelConfig, SpendLimitConfig } from '../config.ts'
import { type ProviderAccount, type ProviderCatalog, readProviderAccount } from '../provider-catalog.ts'
import type { Path, Report } from '../report.ts'
import type { ReadFile } from '../source/include-files.ts'
import type { Environment } from '../source/interpolate.ts'
import { isNothing, isRecord, toNumber, toText, type UnknownRecord } from '../values/coerce.ts'
import { Section } from '../values/section.ts'
import { readAccount } from './account.ts'
import { readAccountFiles } from './account-files.ts'
import { readModelInfo } from './model-info.ts'
import { readDefaultParams, readHeaders, readPrices } from './request-parameters.ts'
import { type ProviderModel, splitModel } from './split-model.ts'

export interface ModelContext {
  /** Null for a file that is not there. */
  readonly readFile: ReadFile
  readonly catalog: ProviderCatalog
  readonly env: Environment
  readonly credentials: ReadonlyMap<string, UnknownRecord>
  /** What is known of models beside their entries, by `model_name`. */
  readonly candidates: ReadonlyMap<string, UnknownRecord>
  readonly report: Report
}

interface EntryInput {
  readonly entry: unknown
  readonly path: Path
  /** The id to use when `model_info` has none. */
  readonly derivedId: string
}

/** One entry of `model_list`: one deployment, one per organisation, or none when the entry is broken. */
export function readModelEntry(
  { entry, path, derivedId }: EntryInput,
  context: ModelContext,
): readonly ModelConfig[] {
  const problem = findProblem(entry)
  if (problem !== null) {
    context.report.error(path, `${problem}; this model is left out`)
    return []
  }
  const record = entry as UnknownRecord
  const params = openParams(record, path, context)
  const target = splitModel(params.text('model') ?? '', params.text('custom_llm_provider'), context.catalog)
  if (!isCallable(target.provider, params.path, context)) return []
  const info = new Section(withCandidate(record, context), [...path, 'model_info'], context.report)
  const root = new Section(record, path, context.report)
  const organizations = readOrganizations(params)
  return organizations.map((organization, index) => {
    const configuredId = info.text('id')
    const baseId = configuredId ?? derivedId
    const id = index === 0 ? baseId : `${baseId}-${organization ?? index}`
    const modelName = toText(record['model_name']) ?? ''
    return buildModel({ modelName, target, root, params, info, organization, id }, context)
  })
}

/** What the entry says itself beats what is known of the model elsewhere. */
function withCandidate(
  { model_info: info, ...record }: UnknownRecord,
  { candidates }: ModelContext,
): unknown {
  const known = candidates.get(toText(record['model_name']) ?? '')
  if (known === undefined) return info
  return isNothing(info) || isRecord(info)
    ? { ...known, ...(info as UnknownRecord | null | undefined) }
    : info
}

/** A provider of a later release leaves its models out without failing; an unknown one is a mistake. */
function isCallable(provider: string, path: Path, { catalog, report }: ModelContext): boolean {
  const availability = catalog.wireAvailability(provider)
  const modelPath = [...path, 'model']
  if (availability === 'planned') {
    report.warn(modelPath, `the provider ${provider} is not available yet; this model is left out`)
  } else if (availability === 'unknown') {
    const hint = 'for an OpenAI-compatible server use openai/<model> with api_base'
    report.error(modelPath, `there is no provider ${provider}; this model is left out`, hint)
  }
  return availability === 'available'
}

function findProblem(entry: unknown): string | null {
  if (!isRecord(entry)) return 'a model should be a map with `model_name` and `litellm_params`'
  if (isNothing(entry['model_name']) || toText(entry['model_name']) === undefined)
    return '`model_name` is missing'
  const params = entry['litellm_params']
  if (!isRecord(params)) return '`litellm_params` is missing or no map'
  if (isNothing(params['model'])) return '`litellm_params.model` is missing'
  return typeof params['model'] === 'string' ? null : '`litellm_params.model` should be text'
}

/** The parameters with those of the named credential beneath them. */
function openParams(record: UnknownRecord, path: Path, { credentials, report }: ModelContext): Section {
  const paramsPath = [...path, 'litellm_params']
  const written = record['litellm_params'] as UnknownRecord
  const name = toText(written['litellm_credential_name'])
  if (name === undefined) return new Section(written, paramsPath, report)
  const credential = credentials.get(name)
  if (credential === undefined) {
    const known = [...credentials.keys()].join(', ') || 'none'
    const hint = `credentials in credential_list: ${known}`
    report.error([...paramsPath, 'litellm_credential_name'], `there is no credential named ${name}`, hint)
  }
  return new Section({ ...credential, ...written }, paramsPath, report)
}

function readOrganizations(params: Section): readonly (string | null)[] {
  const value = params.values['organization']
  if (!Array.isArray(value)) return [params.text('organization')]
  const organizations = params.textList('organization')
  return organizations.length > 0 ? organizations : [null]
}

interface ModelParts {
  readonly modelName: string
  readonly target: ProviderModel
  /** The entry itself: old configurations write `rpm` and `tpm` there. */
  readonly root: Section
  readonly params: Section
  readonly info: Section
  readonly organization: string | null
  readonly id: string
}

function buildModel(parts: ModelParts, context: ModelContext): ModelConfig {
  const { modelName, params, info, organization, id } = parts
  const { provider, upstreamModel } = parts.target
  const profile = context.catalog.findProvider(provider)
  const account = readProviderAccount(profile, context.env)
  return {
    modelName,
    provider,
    upstreamModel,
    apiKey: readApiKey(params, account),
    apiBase: params.text('api_base') ?? params.text('base_url') ?? account.apiBase,
    account: readAccountFiles(
      readAccount(params, profile, context.env),
      profile?.accountFiles ?? [],
      context,
      params.path,
    ),
    organization,
    extraHeaders: readHeaders(params.record('extra_headers')),
    extraBody: params.record('extra_body'),
    defaultParams: readDefaultParams(params),
    timeoutMs: params.milliseconds('timeout'),
    streamTimeoutMs: params.milliseconds('stream_timeout'),
    numRetries: params.count('num_retries') ?? params.count('max_retries'),
    requestsPerMinute: params.amount('rpm') ?? parts.root.amount('rpm'),
    tokensPerMinute: params.amount('tpm') ?? parts.root.amount('tpm'),
    budget: readBudget(params),
    weight: params.amount('weight'),
    order: params.number('order'),
    tags: params.textList('tags'),
    regionName: params.text('region_name'),
    maxParallelRequests: params.count('max_parallel_requests'),
    cooldownMs: params.milliseconds('cooldown_time') ?? info.milliseconds('cooldown_time'),
    dropParams: params.boolean('drop_params'),
    additionalDropParams: params.textList('additional_drop_params'),
    cacheControlInjectionPoints: params.list('cache_control_injection_points').flatMap(readInjectionPoint),
    mockResponse: params.text('mock_response'),
    usedInPassThrough: params.boolean('use_in_pass_through') ?? false,
    useChatCompletionsApi: params.boolean('use_chat_completions_api') ?? null,
    configurableClientsideAuthParams: readClientsideParams(params),
    prices: readPrices(params, info),
    info: readModelInfo(info, id),
  }
}

function readBudget(params: Section): SpendLimitConfig | null {
  const maxUsd = params.amount('max_budget')
  return maxUsd === null ? null : { maxUsd, duration: params.text('budget_duration') }
}

/** A key that is written but empty (its variable is missing) is not replaced by another account's key. */
function readApiKey(params: Section, account: ProviderAccount): string | null {
  if (Object.hasOwn(params.values, 'api_key')) return params.text('api_key')
  return account.apiKey
}

function readInjectionPoint(value: unknown): CacheControlInjectionPoint[] {
  if (!isRecord(value) || (value['location'] ?? 'message') !== 'message') return []
  return [
    { location: 'message', role: toText(value['role']) ?? null, index: toNumber(value['index']) ?? null },
  ]
}

/** `[api_key, {api_base: "https://…"}]`: the names a request may carry. */
function readClientsideParams(params: Section): readonly string[] {
  return params
    .list('configurable_clientside_auth_params')
    .flatMap((item) => (isRecord(item) ? Object.keys(item) : (toText(item) ?? [])))
}

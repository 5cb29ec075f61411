import type { ModelConfig } from '../config.ts'
import type { Report } from '../report.ts'
import { isNothing, isRecord, toText, type UnknownRecord } from '../values/coerce.ts'
import { modelFor, modelsFromEnvironment } from './environment-models.ts'
import { type ModelContext, readModelEntry } from './model-entry.ts'
import { deriveModelId } from './model-id.ts'

/** The ids of the entries of `model_list`, derived before variables are filled in. */
export function deriveModelIds(root: UnknownRecord): readonly string[] {
  const list = root['model_list']
  if (!Array.isArray(list)) return []
  return list.map((entry: unknown) =>
    isRecord(entry) ? deriveModelId(entry['model_name'], entry['litellm_params']) : '',
  )
}

interface ModelListInput {
  readonly root: UnknownRecord
  readonly derivedIds: readonly string[]
  /** `LITELLM_ENVIRONMENT`. */
  readonly environment: string | null
}

export function readModelList(input: ModelListInput, context: ModelContext): readonly ModelConfig[] {
  const list = input.root['model_list']
  if (isNothing(list)) return []
  if (!Array.isArray(list)) {
    context.report.error(['model_list'], 'this should be a list of models; no model is loaded')
    return []
  }
  const models = list.flatMap((entry: unknown, index) => {
    if (!runsIn(entry, input.environment)) return []
    if (isCatchAll(entry)) return expandCatchAll(entry, index, input.derivedIds[index] ?? '', context)
    const path = ['model_list', index]
    return readModelEntry({ entry, path, derivedId: input.derivedIds[index] ?? '' }, context)
  })
  return separateIds(models, context.report)
}

function runsIn(entry: unknown, environment: string | null): boolean {
  const info = isRecord(entry) ? entry['model_info'] : undefined
  const supported = isRecord(info) ? info['supported_environments'] : undefined
  if (environment === null || isNothing(supported)) return true
  const names = Array.isArray(supported) ? supported : [supported]
  return names.some((name) => toText(name) === environment)
}

/** `model_name: "*"` with `model: "*"` and no account of its own means every provider of the environment. */
function isCatchAll(entry: unknown): entry is UnknownRecord {
  if (!isRecord(entry) || entry['model_name'] !== '*') return false
  const params = entry['litellm_params']
  if (!isRecord(params) || params['model'] !== '*') return false
  return ['api_key', 'api_base', 'custom_llm_provider', 'litellm_credential_name'].every((key) =>
    isNothing(params[key]),
  )
}

function expandCatchAll(
  entry: UnknownRecord,
  index: number,
  derivedId: string,
  context: ModelContext,
): readonly ModelConfig[] {
  const own = readModelEntry({ entry, path: ['model_list', index], derivedId }, context)
  const fromEnvironment = modelsFromEnvironment(context)
  if (fromEnvironment.length === 0) {
    const hint = 'set a provider key such as OPENAI_API_KEY'
    context.report.warn(['model_list', index], '`*` finds no provider key in the environment', hint)
  }
  return [...fromEnvironment, ...own]
}

/** Equal deployments would be one deployment to every counter; later ones get a number. */
function separateIds(models: readonly ModelConfig[], report: Report): readonly ModelConfig[] {
  const seen = new Map<string, number>()
  return models.map((model) => {
    const { id } = model.info
    const count = (seen.get(id) ?? 0) + 1
    seen.set(id, count)
    if (count === 1) return model
    const unique = `${id}-${count}`
    report.warn(
      ['model_list'],
      `two deployments of ${model.modelName} have the id ${id}; one is now ${unique}`,
    )
    return { ...model, info: { ...model.info, id: unique } }
  })
}

/** The one model of `--model`. */
export function singleModel(model: string, context: ModelContext): readonly ModelConfig[] {
  return modelFor(model, model, context)
}

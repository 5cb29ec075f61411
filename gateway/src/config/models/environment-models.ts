import type { ModelConfig } from '../config.ts'
import { type ModelContext, readModelEntry } from './model-entry.ts'
import { deriveModelId } from './model-id.ts'

/** Names that work without the provider prefix; the plain ones are also listed to clients. */
const bareNames: Readonly<Record<string, readonly string[]>> = {
  openai: [
    ...['gpt-5', 'gpt-5-mini', 'gpt-4.1', 'gpt-4.1-mini', 'gpt-4o', 'gpt-4o-mini', 'o3', 'o4-mini'],
    ...['text-embedding-3-small', 'text-embedding-3-large'],
    ...['gpt-*', 'chatgpt-*', 'o1*', 'o3*', 'o4*', 'text-embedding-*'],
  ],
  anthropic: ['claude-opus-4-1', 'claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-*'],
  gemini: ['gemini-2.5-pro', 'gemini-2.5-flash', 'gemini-2.5-flash-lite', 'gemini-*'],
}

/** Models for every provider the environment can call: `openai/*` and the bare names that are known. */
export function modelsFromEnvironment(context: ModelContext): readonly ModelConfig[] {
  const usable = context.catalog.providersFromEnvironment(context.env)
  return usable.flatMap(({ provider }) => {
    const prefixed = `${provider.id}/*`
    const bare = bareNames[provider.id] ?? []
    return [
      ...modelFor(prefixed, prefixed, context),
      ...bare.flatMap((name) => modelFor(name, `${provider.id}/${name}`, context)),
    ]
  })
}

export function demoModels(context: ModelContext): readonly ModelConfig[] {
  return modelFor('demo', 'demo/demo', context)
}

/** A deployment as a configuration file with only `model_name` and `litellm_params.model` would give it. */
export function modelFor(modelName: string, model: string, context: ModelContext): readonly ModelConfig[] {
  const params = { model }
  const entry = { model_name: modelName, litellm_params: params }
  return readModelEntry({ entry, path: ['model_list'], derivedId: deriveModelId(modelName, params) }, context)
}

import type { JsonRecord } from '../../conversation/json-value.ts'
import type { ModelListing, ModelLists } from '../protocol.ts'

/** One page with every model. */
export const modelLists: ModelLists = {
  formatAll: (models) => ({ models: models.map(formatOne) }),
  formatOne,
}

const methods = ['generateContent', 'countTokens']

/** Limits are left out where the gateway does not know them. */
function formatOne({ id, maxInputTokens, maxOutputTokens }: ModelListing): JsonRecord {
  return {
    name: `models/${id}`,
    version: '001',
    displayName: id,
    ...(maxInputTokens === null ? {} : { inputTokenLimit: maxInputTokens }),
    ...(maxOutputTokens === null ? {} : { outputTokenLimit: maxOutputTokens }),
    supportedGenerationMethods: methods,
  }
}

import type { JsonRecord } from '../../conversation/json-value.ts'
import type { ModelListing, ModelLists } from '../protocol.ts'

export const modelLists: ModelLists = { formatAll, formatOne }

/** All models on one page, in the words of both forms of paging. */
function formatAll(models: readonly ModelListing[]): JsonRecord {
  return {
    data: models.map(formatOne),
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
    next_page: null,
  }
}

/** Models of the gateway have no other name than their id. */
function formatOne({ id, createdAt, maxInputTokens, maxOutputTokens }: ModelListing): JsonRecord {
  return {
    type: 'model',
    id,
    display_name: id,
    created_at: new Date(createdAt).toISOString(),
    max_input_tokens: maxInputTokens,
    max_tokens: maxOutputTokens,
    capabilities: null,
    lifecycle: 'active',
    deprecated_at: null,
    retires_at: null,
    line: null,
  }
}

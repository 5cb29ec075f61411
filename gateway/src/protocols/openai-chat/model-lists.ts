import type { JsonRecord } from '../../conversation/json-value.ts'
import type { ModelListing, ModelLists } from '../protocol.ts'

export const openaiModelLists: ModelLists = {
  formatAll: (models) => ({ object: 'list', data: models.map(formatModel) }),
  formatOne: formatModel,
}

function formatModel({ id, provider, createdAt }: ModelListing): JsonRecord {
  return { id, object: 'model', created: Math.floor(createdAt / 1000), owned_by: provider }
}

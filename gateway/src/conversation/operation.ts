/** What is asked of a model; each operation has one upstream path per wire. */
export type Operation = 'chat' | 'completion' | 'embedding' | MediaOperation

/** Operations that only wires of OpenAI's dialect have; their bodies and answers pass through. */
export type MediaOperation =
  | 'image-generation'
  | 'image-edit'
  | 'transcription'
  | 'translation'
  | 'speech'
  | 'moderation'
  | 'rerank'

export const mediaOperations: readonly MediaOperation[] = [
  'image-generation',
  'image-edit',
  'transcription',
  'translation',
  'speech',
  'moderation',
  'rerank',
]

export const operations: readonly Operation[] = ['chat', 'completion', 'embedding', ...mediaOperations]

const media: ReadonlySet<Operation> = new Set(mediaOperations)

export function isMediaOperation(operation: Operation): operation is MediaOperation {
  return media.has(operation)
}

/** Whether a model answers with text of its own, so that tokens say what an answer costs. */
export function isTextOperation(operation: Operation): boolean {
  return operation === 'chat' || operation === 'completion'
}

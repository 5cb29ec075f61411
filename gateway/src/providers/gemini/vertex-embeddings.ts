import type { EmbeddingReply, EmbeddingRequest } from '../../conversation/embedding.ts'
import { readNumber, readRecord, readRecords } from '../../conversation/json-value.ts'
import { zeroUsage } from '../../conversation/usage.ts'
import { malformedAnswer } from '../malformed-answer.ts'
import { readVectors } from '../read-vectors.ts'
import type { EmbeddingCodec } from '../wire.ts'

/** What the provider knows of one text besides the text, by the names of both Google's APIs. */
const instanceMembers: Readonly<Record<string, string>> = {
  taskType: 'task_type',
  task_type: 'task_type',
  title: 'title',
}

/** `:predict` of Vertex AI's text embeddings: an instance for each text. */
export const vertexEmbeddings: EmbeddingCodec = {
  encode({ inputs, dimensions, extra, user }: EmbeddingRequest) {
    const shared: Record<string, unknown> = {}
    const parameters: Record<string, unknown> = {}
    const dropped = user === null ? [] : ['user']
    if (dimensions !== null) parameters['outputDimensionality'] = dimensions
    for (const name in extra) {
      const member = instanceMembers[name]
      if (member !== undefined) shared[member] = extra[name]
      else if (name === 'autoTruncate') parameters[name] = extra[name]
      else dropped.push(name)
    }
    const instances = inputs.map((content) => ({ content, ...shared }))
    return { body: { instances, parameters }, dropped }
  },
  decode(value: unknown): EmbeddingReply {
    const predictions = readRecords(readRecord(value)?.['predictions'])
    const embeddings = predictions.map((prediction) => readRecord(prediction['embeddings']))
    const vectors = readVectors(embeddings.map((embedding) => embedding?.['values']))
    if (vectors === null || vectors.length === 0) throw malformedAnswer('it has no embeddings')
    const counts = embeddings.map((embedding) =>
      readNumber(readRecord(embedding?.['statistics'])?.['token_count']),
    )
    const inputTokens = counts.reduce((sum: number, count) => sum + (count ?? 0), 0)
    return { vectors, usage: counts.includes(null) ? null : { ...zeroUsage, inputTokens } }
  },
}

import { describe, expect, it } from 'vitest'
import { findProvider } from '../registry.ts'
import { sampleTarget } from '../target.fixture.ts'
import { geminiEmbeddings } from './embeddings.ts'

const target = sampleTarget(findProvider('gemini')!, 'gemini-embedding-001')
const request = { model: 'group', inputs: ['a', 'b'], dimensions: null, user: null, extra: {} }

describe('embeddings of Gemini', () => {
  it('are asked for in one batch', () => {
    const extra = { taskType: 'RETRIEVAL_QUERY', mystery: 1 }
    const encoded = geminiEmbeddings.encode({ ...request, dimensions: 8, user: 'u', extra }, target)
    const shared = {
      model: 'models/gemini-embedding-001',
      outputDimensionality: 8,
      taskType: 'RETRIEVAL_QUERY',
    }
    expect(encoded.body).toEqual({
      requests: [
        { ...shared, content: { parts: [{ text: 'a' }] } },
        { ...shared, content: { parts: [{ text: 'b' }] } },
      ],
    })
    expect(encoded.dropped).toEqual(['mystery', 'user'])
  })

  it('are read in order', () => {
    const body = { embeddings: [{ values: [0.5] }, { values: [1] }], usageMetadata: { promptTokenCount: 3 } }
    expect(geminiEmbeddings.decode(body)).toMatchObject({ vectors: [[0.5], [1]], usage: { inputTokens: 3 } })
    expect(geminiEmbeddings.decode({ embeddings: [{ values: [1] }] }).usage).toBeNull()
  })

  it.each([null, {}, { embeddings: [] }, { embeddings: [{}] }, { embeddings: [{ values: ['x'] }] }])(
    'refuse %j',
    (body) => {
      expect(() => geminiEmbeddings.decode(body)).toThrow(/could not be read/)
    },
  )
})

import { describe, expect, it } from 'vitest'
import { findProvider } from '../registry.ts'
import { sampleTarget } from '../target.fixture.ts'
import { openaiEmbeddings } from './embeddings.ts'

const target = sampleTarget(findProvider('openai')!, 'text-embedding-3-small')

describe('embeddings of OpenAI for another dialect', () => {
  it('are asked for as numbers', () => {
    const extra = { taskType: 'x' }
    const request = { model: 'group', inputs: ['a'], dimensions: 8, user: 'u', extra }
    expect(openaiEmbeddings.encode(request, target)).toEqual({
      body: {
        model: 'text-embedding-3-small',
        input: ['a'],
        encoding_format: 'float',
        dimensions: 8,
        user: 'u',
      },
      dropped: ['taskType'],
    })
  })

  it('are read in the order of their index', () => {
    const data = [
      { index: 1, embedding: [1] },
      { index: 0, embedding: [0.5] },
    ]
    const reply = openaiEmbeddings.decode({ data, usage: { prompt_tokens: 4, total_tokens: 4 } })
    expect(reply).toMatchObject({ vectors: [[0.5], [1]], usage: { inputTokens: 4 } })
  })

  it.each([null, {}, { data: [] }, { data: [{ embedding: 'AAAA' }] }])('refuse %j', (body) => {
    expect(() => openaiEmbeddings.decode(body)).toThrow(/could not be read/)
  })
})

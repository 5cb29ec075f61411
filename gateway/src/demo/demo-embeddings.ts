import { createHash } from 'node:crypto'

const dimensions = 256

/**
 * Embeddings of the demo model: each word hashes to one signed dimension, the sum has length 1. Equal texts are
 * equal, texts that share words are near; good enough to try a client, no use for search.
 */
export function demoEmbeddings(model: string, input: unknown, encoding: string | undefined): object {
  const texts = Array.isArray(input) && !input.every((item) => typeof item === 'number') ? input : [input]
  const data = texts.map((text, index) => {
    const vector = embed(typeof text === 'string' ? text : JSON.stringify(text))
    const embedding = encoding === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector]
    return { object: 'embedding', index, embedding }
  })
  const tokens = Math.ceil(JSON.stringify(input ?? '').length / 4)
  return { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } }
}

function embed(text: string): Float32Array {
  const vector = new Float32Array(dimensions)
  for (const word of text.toLowerCase().match(/\p{L}+|\p{N}+/gu) ?? []) {
    const digest = createHash('sha256').update(word).digest()
    const dimension = digest[0] as number
    vector[dimension] = (vector[dimension] as number) + ((digest[1] as number) % 2 === 0 ? 1 : -1)
  }
  const length = Math.hypot(...vector)
  return length === 0 ? vector : vector.map((value) => value / length)
}

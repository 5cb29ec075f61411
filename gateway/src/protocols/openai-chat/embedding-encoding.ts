type Item = Record<string, unknown>

/**
 * Gives a client the encoding it asked for: providers without base64 answer floats, which become little-endian
 * float32 in base64, as OpenAI sends them. Bodies that already fit are returned as they are.
 */
export function encodeEmbeddings(body: Buffer): Buffer {
  if (!body.includes('"embedding":[') && !body.includes('"embedding": [')) return body
  const answer = JSON.parse(body.toString('utf8')) as { data?: unknown }
  if (!Array.isArray(answer.data)) return body
  const data = answer.data.map((item: Item) =>
    Array.isArray(item['embedding']) ? { ...item, embedding: toBase64(item['embedding'] as number[]) } : item,
  )
  return Buffer.from(JSON.stringify({ ...answer, data }))
}

function toBase64(values: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(values.length * 4)
  for (let index = 0; index < values.length; index += 1) bytes.writeFloatLE(Number(values[index]), index * 4)
  return bytes.toString('base64')
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { Step } from '../harness/scripted-upstream.ts'

const topics: readonly (readonly string[])[] = [
  ['refund', 'money', 'reimburse'],
  ['invoice', 'bill'],
  ['holiday', 'leave'],
]

const meaningOf = (text: string): number[] =>
  topics.map((words) => (words.some((word) => text.toLowerCase().includes(word)) ? 1 : 0.01))

/** Embeds as OpenAI does, by three topics. */
export const embedByTopic: Step = ({ request, response }) => {
  const { input } = JSON.parse(request.body) as { input: string | string[] }
  const data = [input].flat().map((text, index) => ({
    ...{ object: 'embedding', index, embedding: meaningOf(text) },
  }))
  const usage = { prompt_tokens: 1, total_tokens: 1 }
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ object: 'list', data, model: 'embedder', usage }))
}

/** One that is out of order. */
export const failEmbedding: Step = ({ response }) => {
  response.writeHead(500, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ error: { message: 'out of order', type: 'server_error' } }))
}

/** One that answers with numbers that are none. */
export const embedNothing: Step = ({ response }) => {
  const data = [{ object: 'embedding', index: 0, embedding: [null, 'x', 0] }]
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ object: 'list', data, model: 'embedder' }))
}

/** One that answers when nobody waits any more. */
export const embedLate: Step = async (call) => {
  await sleep(600)
  await embedByTopic(call)
}

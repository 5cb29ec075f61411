import { LARGE, SMALL, STREAM, STREAM_CONTENT_EVENTS, STREAM_EVENTS } from './requests.js'

const CONTENT = 'Hello! How can I help you today?'

/**
 * Proves that a subject gives true answers before anything is measured: the whole JSON answer of a small and
 * of a 100 KB request, and every event of a stream.
 * @param {{ port: number, headers: Record<string, string> }} subject
 * @param {(job: object) => Promise<{ status: number, body: string }>} runLoad
 */
export async function verifySubject(subject, runLoad) {
  const ask = (shape) => runLoad({ mode: 'one', port: subject.port, headers: subject.headers, shape })
  for (const shape of [SMALL, LARGE]) verifyPlain(await ask(shape))
  verifyStream(await ask(STREAM))
}

function verifyPlain({ status, body }) {
  if (status !== 200) throw new Error(`a plain request got ${status}: ${body.slice(0, 300)}`)
  const { choices, usage } = JSON.parse(body)
  if (choices?.[0]?.message?.content !== CONTENT)
    throw new Error(`not the mock's answer: ${body.slice(0, 300)}`)
  if (usage?.total_tokens !== 33) throw new Error(`usage was lost: ${body.slice(0, 300)}`)
}

function verifyStream({ status, body }) {
  if (status !== 200) throw new Error(`a stream got ${status}: ${body.slice(0, 300)}`)
  const events = body.split('\n\n').slice(0, -1)
  if (events.length !== STREAM_EVENTS) throw new Error(`${events.length} events of ${STREAM_EVENTS}`)
  if (events.at(-1) !== 'data: [DONE]') throw new Error(`the last event is ${events.at(-1)}`)
  const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice('data: '.length)))
  const contents = chunks.filter((chunk) => chunk.choices[0].delta.content)
  if (contents.length !== STREAM_CONTENT_EVENTS) throw new Error(`${contents.length} content events`)
  if (chunks.at(-1).choices[0].finish_reason !== 'stop') throw new Error('no finish reason')
}

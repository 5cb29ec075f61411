import type http from 'node:http'
import { fieldOf, type ReceivedRequest } from './received-request.ts'

/** Bytes that would not survive a detour through text. */
export const audioBytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7919) % 256))
export const pngBase64 = Buffer.from('not really a picture').toString('base64')

const imageUsage = {
  input_tokens: 40,
  input_tokens_details: { text_tokens: 30, image_tokens: 10 },
  output_tokens: 100,
  total_tokens: 140,
}
export const subtitles =
  '1\n00:00:00,000 --> 00:00:01,500\nHello\n\n2\n00:00:01,500 --> 00:01:30,000\nthere\n'

/** Answers a request for images, audio, moderations or reranking as the provider would; false for other paths. */
export function answerMedia(request: ReceivedRequest, response: http.ServerResponse): boolean {
  const path = request.path.split('?')[0] ?? ''
  if (path.endsWith('/images/generations') || path.endsWith('/images/edits')) answerImage(request, response)
  else if (path.endsWith('/audio/transcriptions') || path.endsWith('/audio/translations'))
    answerTranscript(request, response)
  else if (path.endsWith('/audio/speech')) answerSpeech(request, response)
  else if (path.endsWith('/moderations')) sendJson(response, moderation(request))
  else if (path.endsWith('/rerank')) sendJson(response, rerank(request))
  else return false
  return true
}

function sendJson(response: http.ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function sendEvents(response: http.ServerResponse, events: readonly { readonly type: string }[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  response.end(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''))
}

function answerImage(request: ReceivedRequest, response: http.ServerResponse): void {
  if (request.model.startsWith('dall-e')) {
    sendJson(response, { created: 1_750_000_000, data: [{ url: 'https://images.example/1.png' }] })
  } else if (request.json['stream'] === true) {
    const event = { b64_json: pngBase64, size: '1024x1024', created_at: 1_750_000_000 }
    sendEvents(response, [
      { type: 'image_generation.partial_image', ...event, partial_image_index: 0 } as { type: string },
      { type: 'image_generation.completed', ...event, usage: imageUsage } as { type: string },
    ])
  } else sendJson(response, { created: 1_750_000_000, data: [{ b64_json: pngBase64 }], usage: imageUsage })
}

function answerTranscript(request: ReceivedRequest, response: http.ServerResponse): void {
  const format = fieldOf(request.body, 'response_format') ?? 'json'
  if (fieldOf(request.body, 'stream') === 'true') {
    const usage = {
      type: 'tokens',
      input_tokens: 20,
      input_token_details: { text_tokens: 4, audio_tokens: 16 },
      output_tokens: 5,
      total_tokens: 25,
    }
    sendEvents(response, [
      { type: 'transcript.text.delta', delta: 'Hello ' } as { type: string },
      { type: 'transcript.text.delta', delta: 'there' } as { type: string },
      { type: 'transcript.text.done', text: 'Hello there', usage } as { type: string },
    ])
  } else if (format === 'srt' || format === 'text')
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(subtitles)
  else if (format === 'verbose_json')
    sendJson(response, {
      task: 'transcribe',
      language: 'english',
      duration: 8.5,
      text: 'Hello there',
      segments: [],
    })
  else sendJson(response, { text: 'Hello there', usage: { type: 'duration', seconds: 60 } })
}

function answerSpeech(request: ReceivedRequest, response: http.ServerResponse): void {
  if (request.json['stream_format'] === 'sse') {
    const usage = { input_tokens: 10, output_tokens: 50, total_tokens: 60 }
    sendEvents(response, [
      { type: 'speech.audio.delta', audio: pngBase64 } as { type: string },
      { type: 'speech.audio.done', usage } as { type: string },
    ])
    return
  }
  response.writeHead(200, { 'content-type': 'audio/mpeg' })
  response.write(audioBytes.subarray(0, 30_000))
  setTimeout(() => response.end(audioBytes.subarray(30_000)), 10)
}

function moderation(request: ReceivedRequest): object {
  const result = { flagged: true, categories: { violence: true }, category_scores: { violence: 0.9 } }
  return { id: 'modr-1', model: request.model, results: [result] }
}

/** Cohere at `/v2/rerank`, Voyage where `top_k` is spoken, Jina and vLLM otherwise. */
function rerank(request: ReceivedRequest): object {
  const documents = request.json['documents'] as unknown[]
  const scored = documents.map((_, index) => ({ index, relevance_score: 1 - index / 10 }))
  if (request.path.includes('/v2/'))
    return {
      id: 'rerank-1',
      results: scored.slice(0, Number(request.json['top_n'] ?? scored.length)),
      meta: { api_version: { version: '2' }, billed_units: { search_units: 1 } },
    }
  if (request.json['top_k'] !== undefined)
    return { object: 'list', data: scored, model: request.model, usage: { total_tokens: 26 } }
  const results = scored.map((result) => ({ ...result, document: { text: documents[result.index] } }))
  return { id: 'rerank-2', model: request.model, results, usage: { total_tokens: 13, prompt_tokens: 13 } }
}

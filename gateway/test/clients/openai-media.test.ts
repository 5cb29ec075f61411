import OpenAI, { AzureOpenAI, toFile } from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { deployment } from '../harness/deployments.ts'
import { audioBytes, pngBase64, subtitles } from '../harness/media-wire.ts'
import { fieldOf } from '../harness/received-request.ts'
import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'
import { cutAfter, hangAfter } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
let client: OpenAI

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const model = (name: string, upstreamModel: string, prices: object = {}) =>
    deployment(name, upstream.openaiBase, { model: `openai/${upstreamModel}`, ...prices })
  const models = [
    model('painter', 'gpt-image-1', {
      input_cost_per_token: 5e-6,
      input_cost_per_image_token: 10e-6,
      output_cost_per_image_token: 40e-6,
    }),
    model('dalle', 'dall-e-3', { input_cost_per_image: 0.04 }),
    model('ears', 'whisper-1', { input_cost_per_second: 0.0001 }),
    model('stream-ears', 'gpt-4o-transcribe', {
      input_cost_per_token: 2.5e-6,
      input_cost_per_audio_token: 6e-6,
      output_cost_per_token: 10e-6,
    }),
    model('voice', 'tts-1', { input_cost_per_character: 15e-6 }),
    model('judge', 'omni-moderation-latest'),
    deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude-sonnet-4-5' }),
  ]
  gateway = await startGateway({ config: { model_list: models, router_settings: { num_retries: 0 } } })
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.masterKey, maxRetries: 0 })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

beforeEach(() => upstream.reset())

const lastRequest = () => {
  const request = upstream.requests.at(-1)
  if (request === undefined) throw new Error('the upstream was not asked')
  return request
}
const costOf = (response: Response): number => Number(response.headers.get('x-litellm-response-cost'))

describe('images', () => {
  it('are generated, and billed by text and image tokens', async () => {
    const { data, response } = await client.images
      .generate({ model: 'painter', prompt: 'a fox', n: 1, size: '1024x1024' })
      .withResponse()
    expect(data.data?.[0]?.b64_json).toBe(pngBase64)
    expect(lastRequest().path).toBe('/v1/images/generations')
    expect(lastRequest().json).toEqual({ model: 'gpt-image-1', prompt: 'a fox', n: 1, size: '1024x1024' })
    expect(costOf(response)).toBeCloseTo(30 * 5e-6 + 10 * 10e-6 + 100 * 40e-6, 12)
  })

  it('are billed one by one where the model counts no tokens', async () => {
    const { data, response } = await client.images
      .generate({ model: 'dalle', prompt: 'a fox', n: 2 })
      .withResponse()
    expect(data.data?.[0]?.url).toBe('https://images.example/1.png')
    expect(costOf(response)).toBeCloseTo(0.08, 12)
  })

  it('are streamed with the events of the provider', async () => {
    const stream = await client.images.generate({ model: 'painter', prompt: 'a fox', stream: true })
    const types: string[] = []
    for await (const event of stream) types.push(event.type)
    expect(types).toEqual(['image_generation.partial_image', 'image_generation.completed'])
    expect(lastRequest().json).not.toHaveProperty('stream_options')
  })

  it('are edited: the files arrive byte for byte', async () => {
    const image = [await toFile(audioBytes, 'a.png'), await toFile(Buffer.from('second'), 'b.png')]
    const answer = await client.images.edit({ model: 'painter', prompt: 'bluer', image })
    expect(answer.data?.[0]?.b64_json).toBe(pngBase64)
    const { path, body, bytes, headers } = lastRequest()
    expect(path).toBe('/v1/images/edits')
    expect(headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
    expect(fieldOf(body, 'model')).toBe('gpt-image-1')
    expect(fieldOf(body, 'prompt')).toBe('bluer')
    expect(body.match(/name="image\[\]"/g)).toHaveLength(2)
    expect(bytes.includes(audioBytes)).toBe(true)
  })
})

describe('transcriptions', () => {
  const file = () => toFile(audioBytes, 'speech.wav')

  it('answer JSON, billed by the second', async () => {
    const { data, response } = await client.audio.transcriptions
      .create({ model: 'ears', file: await file(), language: 'en' })
      .withResponse()
    expect(data.text).toBe('Hello there')
    expect(lastRequest().path).toBe('/v1/audio/transcriptions')
    expect(lastRequest().bytes.includes(audioBytes)).toBe(true)
    expect(fieldOf(lastRequest().body, 'model')).toBe('whisper-1')
    expect(fieldOf(lastRequest().body, 'language')).toBe('en')
    expect(costOf(response)).toBeCloseTo(0.006, 12)
  })

  it('answer subtitles as they are, billed by their last cue', async () => {
    const { data, response } = await client.audio.transcriptions
      .create({ model: 'ears', file: await file(), response_format: 'srt' })
      .withResponse()
    expect(data).toBe(subtitles)
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(costOf(response)).toBeCloseTo(0.009, 12)
  })

  it('answer with segments, billed by the duration they tell', async () => {
    const { data, response } = await client.audio.translations
      .create({ model: 'ears', file: await file(), response_format: 'verbose_json' })
      .withResponse()
    expect(data).toMatchObject({ text: 'Hello there', duration: 8.5 })
    expect(lastRequest().path).toBe('/v1/audio/translations')
    expect(costOf(response)).toBeCloseTo(0.00085, 12)
  })

  it('are streamed', async () => {
    const stream = await client.audio.transcriptions.create({
      model: 'stream-ears',
      file: await file(),
      stream: true,
    })
    let text = ''
    for await (const event of stream) if (event.type === 'transcript.text.delta') text += event.delta
    expect(text).toBe('Hello there')
  })

  it('keep options of the gateway to themselves', async () => {
    const extra = { tags: ['a'], num_retries: 1 }
    await client.audio.transcriptions.create({ model: 'ears', file: await file(), ...extra } as never)
    expect(lastRequest().body).not.toContain('num_retries')
  })
})

describe('speech', () => {
  it('is passed on byte for byte with its type, billed by the character', async () => {
    const answer = await client.audio.speech.create({ model: 'voice', voice: 'alloy', input: 'Grüß dich' })
    expect(answer.headers.get('content-type')).toBe('audio/mpeg')
    expect(Buffer.from(await answer.arrayBuffer()).equals(audioBytes)).toBe(true)
    expect(lastRequest().json).toEqual({ model: 'tts-1', voice: 'alloy', input: 'Grüß dich' })
  })

  it('is passed on as events when asked for', async () => {
    const body = { model: 'voice', voice: 'alloy', input: 'Hi', stream_format: 'sse' }
    const answer = await call(gateway.url, '/v1/audio/speech', { key: gateway.masterKey, body })
    expect(answer.headers['content-type']).toContain('text/event-stream')
    expect(answer.text).toContain('speech.audio.done')
  })
})

describe('moderations', () => {
  it('are passed through under the name that was asked for', async () => {
    const { data, response } = await client.moderations
      .create({ model: 'judge', input: 'I will hurt you' })
      .withResponse()
    expect(data).toMatchObject({ model: 'judge', results: [{ flagged: true }] })
    expect(response.headers.get('x-litellm-response-cost')).toBe('0')
  })
})

describe('an answer that breaks off', () => {
  it('of speech breaks off for the client too', async () => {
    upstream.script('tts-1', cutAfter('half of it', { 'content-type': 'audio/mpeg' }))
    const answer = await client.audio.speech.create({ model: 'voice', voice: 'alloy', input: 'x' })
    await expect(answer.arrayBuffer()).rejects.toThrow()
  })

  it('of a transcription ends with an error event', async () => {
    upstream.script('gpt-4o-transcribe', cutAfter('data: {"type":"transcript.text.delta","delta":"He"}\n\n'))
    const stream = await client.audio.transcriptions.create({
      model: 'stream-ears',
      file: await toFile(audioBytes, 'speech.wav'),
      stream: true,
    })
    const read = async () => {
      for await (const _ of stream) {
        // Only the end matters.
      }
    }
    await expect(read()).rejects.toThrow(/broke|closed|connection/i)
  })

  it('ends the provider’s call when the client leaves speech', async () => {
    upstream.script('tts-1', hangAfter('data'))
    const leaving = new AbortController()
    const speech = { model: 'voice', voice: 'alloy', input: 'x', stream_format: 'sse' }
    const reading = call(gateway.url, '/v1/audio/speech', {
      key: gateway.masterKey,
      body: speech,
      signal: leaving.signal,
    }).catch(() => null)
    await waitUntil('the provider has it', () => upstream.pendingRequests === 1)
    leaving.abort()
    await reading
    await waitUntil('the provider’s call is over', () => upstream.pendingRequests === 0)
  })
})

it('Azure’s client finds the same routes', async () => {
  const azure = new AzureOpenAI({
    endpoint: gateway.url,
    apiKey: gateway.masterKey,
    apiVersion: '2025-04-01-preview',
    deployment: 'ears',
    maxRetries: 0,
  })
  const answer = await azure.audio.transcriptions.create({
    model: '',
    file: await toFile(audioBytes, 'a.wav'),
  })
  expect(answer.text).toBe('Hello there')
  expect(fieldOf(lastRequest().body, 'model')).toBe('whisper-1')
})

describe('every family', () => {
  it.each(['/images/generations', '/audio/speech', '/moderations'])(
    '%s also answers without /v1',
    async (path) => {
      const body = { model: 'painter', prompt: 'x', input: 'x', voice: 'alloy' }
      expect((await call(gateway.url, path, { key: gateway.masterKey, body })).status).toBe(200)
    },
  )

  it('asks for a key, for a model and for what it needs', async () => {
    const path = '/v1/images/generations'
    expect((await call(gateway.url, path, { body: { model: 'painter', prompt: 'x' } })).status).toBe(401)
    const key = gateway.masterKey
    expect((await call(gateway.url, path, { key, body: { prompt: 'x' } })).status).toBe(400)
    expect((await call(gateway.url, path, { key, body: { model: 'painter' } })).text).toContain(
      '`prompt` is required',
    )
  })

  it('says so when the model’s provider has no such endpoint', async () => {
    const error = await client.moderations.create({ model: 'claude', input: 'x' }).catch((thrown) => thrown)
    expect(error).toMatchObject({ status: 400, param: 'model' })
  })

  it('is accounted for when its cost is known only at the end', async () => {
    await client.audio.speech.create({ model: 'voice', voice: 'alloy', input: 'x'.repeat(101) })
    await waitUntil('the access line is written', () => gateway.stdout().includes('"cost_usd":0.001515'))
  })
})

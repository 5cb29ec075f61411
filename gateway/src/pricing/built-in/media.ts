import type { BuiltInModel } from './built-in-model.ts'

/** USD per million tokens of text in, image in and image out. */
const imageTokens = (text: number, image: number, output: number, cached: number) => ({
  input_cost_per_token: text,
  cache_read_input_token_cost: cached,
  input_cost_per_image_token: image,
  output_cost_per_token: output,
  output_cost_per_image_token: output,
})
const audioTokens = (text: number, audio: number, output: number) => ({
  input_cost_per_token: text,
  input_cost_per_audio_token: audio,
  output_cost_per_token: output,
})

const openai = (
  mode: NonNullable<BuiltInModel['mode']>,
  name: string,
  usdPerMillion: Readonly<Record<string, number>>,
  usdPerUnit: Readonly<Record<string, number>> = {},
): BuiltInModel => ({ name, provider: 'openai', mode, usdPerMillion, usdPerUnit })

/** Models that make or read images, audio and rankings. */
export const mediaPrices: readonly BuiltInModel[] = [
  openai('image_generation', 'gpt-image-1', imageTokens(5, 10, 40, 1.25)),
  openai('image_generation', 'gpt-image-1-mini', imageTokens(2, 2.5, 8, 0.2)),
  openai('image_generation', 'dall-e-3', {}, { output_cost_per_image: 0.04 }),
  openai('image_generation', 'dall-e-2', {}, { output_cost_per_image: 0.02 }),
  openai('audio_transcription', 'whisper-1', {}, { input_cost_per_second: 0.0001 }),
  openai('audio_transcription', 'gpt-4o-transcribe', audioTokens(2.5, 6, 10)),
  openai('audio_transcription', 'gpt-4o-mini-transcribe', audioTokens(1.25, 3, 5)),
  openai('audio_speech', 'tts-1', {}, { input_cost_per_character: 0.000_015 }),
  openai('audio_speech', 'tts-1-hd', {}, { input_cost_per_character: 0.000_03 }),
  // The vendor does not charge for these.
  openai('moderation', 'omni-moderation-latest', { input_cost_per_token: 0, output_cost_per_token: 0 }),
  openai('moderation', 'omni-moderation-2024-09-26', { input_cost_per_token: 0, output_cost_per_token: 0 }),
  ...['rerank-v3.5', 'rerank-english-v3.0', 'rerank-multilingual-v3.0'].map(
    (name): BuiltInModel => ({
      name,
      provider: 'cohere',
      mode: 'rerank',
      usdPerMillion: {},
      usdPerUnit: { input_cost_per_query: 0.002 },
    }),
  ),
  {
    name: 'rerank-2.5',
    provider: 'voyage',
    mode: 'rerank',
    usdPerMillion: { input_cost_per_token: 0.05, output_cost_per_token: 0 },
  },
]

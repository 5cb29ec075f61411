import { anthropicError, anthropicEvents, formatAnthropicStream } from '../harness/anthropic-wire.ts'
import { formatGeminiStream, geminiError, geminiPieces } from '../harness/gemini-wire.ts'
import { chatChunks, formatOpenaiStream, openaiError } from '../harness/openai-wire.ts'
import type { chatUpstreams } from './testbed.ts'

type WireName = (typeof chatUpstreams)[number]['wire']

/** A stream with its first words and without its end. */
export function beginningOfStream(wire: WireName): string {
  switch (wire) {
    case 'OpenAI':
      return formatOpenaiStream(chatChunks().slice(0, 3)).replace('data: [DONE]\n\n', '')
    case 'Anthropic':
      return formatAnthropicStream(anthropicEvents().slice(0, 4))
    case 'Gemini':
      return formatGeminiStream(geminiPieces().slice(0, 1))
  }
}

/** An error body; `type` is Anthropic's word for it, the code OpenAI's. */
export function errorBody(wire: WireName, type: string, message: string, code: string | null = null): object {
  switch (wire) {
    case 'OpenAI':
      return openaiError(message, type, code)
    case 'Anthropic':
      return anthropicError(type, message)
    case 'Gemini':
      return geminiError(400, 'UNKNOWN', message)
  }
}

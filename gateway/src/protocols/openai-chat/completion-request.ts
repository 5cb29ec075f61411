import { GatewayError } from '@routeiq/contract'
import type { JsonRecord } from '../../conversation/json-value.ts'
import { invalidField } from '../field-reader.ts'

/**
 * The prompts of a text completion, each to be answered by a request of its own. Errors: 400 for token arrays, which
 * a chat model cannot read.
 */
export function readPrompts(body: JsonRecord): string[] {
  const prompt = body['prompt']
  if (typeof prompt === 'string') return [prompt]
  const isTexts =
    Array.isArray(prompt) && prompt.length > 0 && prompt.every((member) => typeof member === 'string')
  if (!isTexts) throw invalidField('prompt', 'a string or an array of strings')
  return prompt
}

/** The one prompt of a request that a chat model is to answer. Errors: 400 for several. */
export function readOnlyPrompt(body: JsonRecord): string {
  const [prompt, ...others] = readPrompts(body)
  if (prompt !== undefined && others.length === 0) return prompt
  throw new GatewayError(
    'unsupported_parameter',
    'This model answers one prompt a request; send several prompts as several requests.',
    { param: 'prompt' },
  )
}

/** What a chat model has no form for, with the values that ask for nothing. */
const unsupported: Readonly<Record<string, readonly unknown[]>> = {
  echo: [false],
  logprobs: [0],
  best_of: [1],
  suffix: [''],
}

/**
 * The chat completion body that asks for one prompt of a text completion: one user message.
 * Errors: 400 `unsupported_parameter` unless `dropParams`.
 */
export function completionToChat(body: JsonRecord, prompt: string, dropParams: boolean): JsonRecord {
  const { prompt: _prompt, ...rest } = body
  const chat: Record<string, unknown> = { ...rest, messages: [{ role: 'user', content: prompt }] }
  for (const name in unsupported) {
    const value = chat[name]
    delete chat[name]
    if (value === undefined || value === null || unsupported[name]?.includes(value) || dropParams) continue
    const message = `The parameter '${name}' is not supported for text completions of a chat model. Remove it, or set drop_params: true to drop it.`
    throw new GatewayError('unsupported_parameter', message, { param: name })
  }
  return chat
}

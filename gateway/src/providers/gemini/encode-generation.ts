import { readRecord } from '../../conversation/json-value.ts'
import { formatSchemaInstruction, jsonInstruction } from '../schema-instruction.ts'
import { encodeThinking } from './encode-thinking.ts'
import type { Body, Encoding } from './encoding.ts'
import { reduceSchema } from './reduce-schema.ts'

/** How a response format reaches the model: by members of `generationConfig`, and as words where those are refused. */
export interface FormatPlan {
  readonly members: Body
  readonly instruction: string | null
}

const jsonType = 'application/json'

/** Models before the third line refuse a JSON response type beside functions. */
export function planResponseFormat({ request, facts }: Encoding): FormatPlan {
  const format = request.responseFormat
  if (format === null || format.type === 'text') return { members: {}, instruction: null }
  const schema = format.type === 'json_schema' ? format.schema : null
  const hasFunctions = request.tools.some((tool) => tool.type !== 'provider')
  if (hasFunctions && !facts.combinesToolsWithJson) {
    return { members: {}, instruction: schema === null ? jsonInstruction : formatSchemaInstruction(schema) }
  }
  const members: Body = { responseMimeType: jsonType }
  if (schema !== null && facts.acceptsJsonSchema) members['responseJsonSchema'] = schema
  else if (schema !== null) members['responseSchema'] = reduceSchema(schema)
  return { members, instruction: null }
}

/** `generationConfig`, with the caller's own one on top. */
export function encodeGeneration(format: FormatPlan, encoding: Encoding): Body {
  const { request } = encoding
  const { sampling, stop, choiceCount, extra } = request
  const all: Body = {
    maxOutputTokens: request.maxOutputTokens,
    temperature: sampling.temperature,
    topP: sampling.topP,
    topK: sampling.topK,
    seed: sampling.seed,
    frequencyPenalty: sampling.frequencyPenalty,
    presencePenalty: sampling.presencePenalty,
    stopSequences: stop.length > 0 ? stop : null,
    candidateCount: choiceCount > 1 ? choiceCount : null,
    thinkingConfig: encodeThinking(encoding),
    responseModalities: modalitiesOf(encoding),
    ...format.members,
  }
  const config: Body = {}
  for (const name in all) if (all[name] !== null) config[name] = all[name]
  return { ...config, ...readRecord(extra['generationConfig'] ?? extra['generation_config']) }
}

/** `["text", "image"]` of the chat dialect; text alone needs no saying. */
function modalitiesOf({ request }: Encoding): readonly string[] | null {
  const modalities = request.extra['modalities']
  if (request.dialect !== 'openai-chat' || !Array.isArray(modalities)) return null
  const words = modalities.filter((word) => typeof word === 'string').map((word) => word.toUpperCase())
  return words.some((word) => word !== 'TEXT') ? words : null
}

/** System and developer messages, wherever they stood, and what must be said in words. */
export function encodeSystem({ request, dropped }: Encoding, instruction: string | null): Body | null {
  const parts: Body[] = []
  for (const message of request.messages) {
    if (message.role !== 'system' && message.role !== 'developer') continue
    for (const part of message.parts) {
      if (part.type !== 'text') dropped.push(`system.${part.type}`)
      else if (part.text !== '') parts.push({ text: part.text })
    }
  }
  if (instruction !== null) parts.push({ text: instruction })
  return parts.length === 0 ? null : { parts }
}

/** Whether some part or tool bears a prompt-cache mark, which this wire has no place for. */
export function hasCacheMark({ messages, tools, cacheControl }: Encoding['request']): boolean {
  if (cacheControl !== undefined) return true
  const marked = (value: object): boolean => 'cacheControl' in value && value.cacheControl !== undefined
  return tools.some(marked) || messages.some(({ parts }) => parts.some(marked))
}

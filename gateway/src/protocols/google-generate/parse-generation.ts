import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'
import type { ConversationRequest, ResponseFormat } from '../../conversation/request.ts'
import { invalidField } from '../field-reader.ts'
import { parseSchema } from './parse-schema.ts'
import { readMember, readRecordMember } from './read-member.ts'

type Generation = Pick<
  ConversationRequest,
  'maxOutputTokens' | 'sampling' | 'stop' | 'choiceCount' | 'responseFormat' | 'reasoning'
>

/**
 * `generationConfig`. Parameters an operator configured for the deployment stand in the body under OpenAI's names and
 * count where the client set none.
 */
export function parseGeneration(config: JsonRecord | null, body: JsonRecord): Generation {
  const number = (name: string, configured: string): number | null => {
    const value = readMember(config, name) ?? body[configured]
    if (value === undefined || value === null) return null
    if (typeof value !== 'number') throw invalidField(`generationConfig.${name}`, 'a number')
    return value
  }
  return {
    maxOutputTokens:
      number('maxOutputTokens', 'max_tokens') ?? number('maxOutputTokens', 'max_completion_tokens'),
    sampling: {
      temperature: number('temperature', 'temperature'),
      topP: number('topP', 'top_p'),
      topK: number('topK', 'top_k'),
      seed: number('seed', 'seed'),
      frequencyPenalty: number('frequencyPenalty', 'frequency_penalty'),
      presencePenalty: number('presencePenalty', 'presence_penalty'),
    },
    stop: parseStop(config),
    choiceCount: number('candidateCount', 'n') ?? 1,
    responseFormat: parseFormat(config),
    reasoning: parseThinking(readRecordMember(config, 'thinkingConfig')),
  }
}

function parseStop(config: JsonRecord | null): readonly string[] {
  const stop = readMember(config, 'stopSequences')
  if (stop === undefined || stop === null) return []
  if (Array.isArray(stop) && stop.every((sequence) => typeof sequence === 'string')) return stop
  throw invalidField('generationConfig.stopSequences', 'an array of strings')
}

function parseFormat(config: JsonRecord | null): ResponseFormat | null {
  if (readMember(config, 'responseMimeType') !== 'application/json') return null
  const jsonSchema = readMember(config, 'responseJsonSchema') ?? readMember(config, '_responseJsonSchema')
  const reduced = readRecordMember(config, 'responseSchema')
  const schema = readRecord(jsonSchema) ?? (reduced === null ? null : parseSchema(reduced))
  if (schema === null) return { type: 'json_object' }
  return { type: 'json_schema', name: 'response', description: null, schema, strict: null }
}

/** A budget of 0 switches thinking off, -1 leaves the amount to the model. */
function parseThinking(config: JsonRecord | null): ConversationRequest['reasoning'] {
  const level = readMember(config, 'thinkingLevel')
  if (typeof level === 'string' && level !== '' && !level.toUpperCase().endsWith('UNSPECIFIED'))
    return { effort: level.toLowerCase(), budgetTokens: null }
  const budget = readMember(config, 'thinkingBudget')
  if (typeof budget !== 'number') return null
  if (budget === 0) return { effort: 'none', budgetTokens: null }
  return budget < 0
    ? { effort: 'medium', budgetTokens: null }
    : { effort: effortOf(budget), budgetTokens: budget }
}

/** For targets that know efforts only; the steps are those by which Messages budgets are read. */
function effortOf(budget: number): string {
  if (budget >= 10_000) return 'high'
  if (budget >= 5000) return 'medium'
  return budget >= 2000 ? 'low' : 'minimal'
}

import { z } from 'zod'

const text = z.string().nullish()
const object = z.record(z.string(), z.unknown())
const names = z.array(z.string()).nullish()
const count = z.number().nonnegative().nullish()

const skillReference = z.union([z.string(), z.object({ name: z.string(), hash: text, grade: text })])

/**
 * The shape of a trace on the wire, of every generation of client: what is missing is null, what is unknown is dropped.
 * Whether its values make sense is for `parseTrace`.
 */
export const traceSchema = z.object({
  id: text,
  project: text,
  manifest_id: text,
  session_id: text,
  agent_name: text,
  status: text,
  source_type: text,
  started_at: text,
  ended_at: text,
  user_input_preview: text,
  user_input: text,
  final_output_preview: text,
  final_output: text,
  error_code: text,
  error_message: text,
  parent_trace_id: text,
  routing_id: text,
  routing_ids: names,
  spans: z.array(object).nullish(),
  llm_calls: z.array(object).nullish(),
  eval_scores: z.array(object).nullish(),
  eval_score: z.unknown().optional(),
  active_skills: z.array(skillReference).nullish(),
  skills_offered_in_prompt: names,
  skills_loaded_by_agent: names,
  skills_delivered: names,
  skills_delivered_versions: z
    .array(z.object({ name: z.string(), hash: text, routing_id: text, skill_id: text, version_id: text }))
    .nullish(),
  session_metadata: object.nullish(),
  turn_index: z.number().int().nullish(),
})

export type TraceBody = z.output<typeof traceSchema>

/** A step of a trace. */
export const spanSchema = z.object({
  id: text,
  parent_span_id: text,
  span_type: z.string().min(1),
  name: z.string().min(1),
  status: text,
  started_at: z.string(),
  ended_at: z.string(),
  input_preview: text,
  output_preview: text,
  attributes: object.nullish(),
})

export type SpanBody = z.output<typeof spanSchema>

/** Rendered prompts and answers are not among the members: they are not kept. */
export const callSchema = z.object({
  id: text,
  span_id: text,
  agent_name: text,
  call_role: text,
  provider: text,
  model_name: z.string().min(1),
  temperature: z.number().nullish(),
  max_output_tokens: z.number().nullish(),
  tool_calls: z.array(object).nullish(),
  finish_reason: text,
  input_tokens: count,
  output_tokens: count,
  cache_read_tokens: count,
  cache_creation_tokens: count,
  latency_ms: count,
  cost_usd: count,
  streaming: z.boolean().nullish(),
  status: text,
  started_at: text,
  ended_at: text,
})

export type CallBody = z.output<typeof callSchema>

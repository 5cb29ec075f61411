import { createHash } from 'node:crypto'
import type { Attributes, AttributeValue, ExportedSpan } from './exported-span.ts'

/** Attributes that name skills or decisions. */
const activeSkills = ['active_skills', 'decimal.active_skills', 'routeiq.active_skills'] as const
const routingIds = ['routing_id', 'decimal.routing_id', 'routeiq.routing_id'] as const
/** What is kept of a span's attributes: nothing a person or a model has said. */
const keptAttributes = [
  ...activeSkills,
  ...['gen_ai.operation.name', 'gen_ai.agent.name', 'gen_ai.tool.name', 'error.type'],
]
const modelOperations = ['chat', 'text_completion', 'generate_content', 'completion']
const spanTypes: Readonly<Record<string, string>> = {
  chat: 'llm',
  text_completion: 'llm',
  generate_content: 'llm',
  completion: 'llm',
  execute_tool: 'tool',
  invoke_agent: 'agent',
  create_agent: 'agent',
}

/** A trace of agents made of spans. */
export interface SpanTrace {
  /** The body of `POST /traces`. */
  readonly body: Readonly<Record<string, unknown>>
  readonly spans: number
}

/**
 * What an export tells of agents, one trace for each of its trace ids, by OpenTelemetry's conventions for generative AI.
 * Traces without a span of a model, an agent, a tool or a skill are of no interest here and left out. The same export
 * has the same ids whenever it is sent.
 */
export function spansToTraces(spans: readonly ExportedSpan[]): readonly SpanTrace[] {
  const traces = new Map<string, ExportedSpan[]>()
  for (const span of spans) {
    const members = traces.get(span.traceId)
    if (members === undefined) traces.set(span.traceId, [span])
    else members.push(span)
  }
  return [...traces.values()].filter((members) => members.some(isOfInterest)).map(toTrace)
}

function isOfInterest({ attributes }: ExportedSpan): boolean {
  return Object.keys(attributes).some(
    (name) => name.startsWith('gen_ai.') || isIn(activeSkills, name) || isIn(routingIds, name),
  )
}

const isIn = (names: readonly string[], name: string): boolean => names.includes(name)

function toTrace(spans: readonly ExportedSpan[]): SpanTrace {
  const ids = new Set(spans.map(({ spanId }) => spanId))
  // The topmost of this export: a parent may belong to another program, or to an export of its own.
  const top = spans.filter(({ parentSpanId }) => parentSpanId === null || !ids.has(parentSpanId))
  const body = {
    id: idOf(spans),
    agent_name: first(spans, 'gen_ai.agent.name') ?? first(spans, 'service.name') ?? 'unknown',
    session_id: first(spans, 'gen_ai.conversation.id') ?? first(spans, 'session.id'),
    status: top.some(({ isError }) => isError) ? 'error' : 'success',
    error_message: top.find(({ isError }) => isError)?.errorMessage ?? null,
    source_type: 'sdk',
    started_at: timeOf(spans.reduce((least, { startedAt }) => Math.min(least, startedAt), Number.MAX_VALUE)),
    ended_at: timeOf(spans.reduce((most, { endedAt }) => Math.max(most, endedAt), 0)),
    routing_ids: [
      ...new Set(spans.flatMap(({ attributes }) => routingIds.flatMap((name) => textsOf(attributes[name])))),
    ],
    skills_loaded_by_agent: [...new Set(spans.flatMap(loadedSkill))],
    spans: spans.map(toSpan),
    llm_calls: spans.flatMap(toCall),
  }
  return { body, spans: spans.length }
}

/** A UUID (version 8) of what was exported, so that a repeated export is recognised. */
function idOf(spans: readonly ExportedSpan[]): string {
  const names = spans.map(({ traceId, spanId }) => `${traceId}/${spanId}`).sort()
  const hex = createHash('sha256').update(names.join('\n')).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

function toSpan({
  name,
  spanId,
  parentSpanId,
  startedAt,
  endedAt,
  isError,
  attributes,
}: ExportedSpan): object {
  const kept = keptAttributes.flatMap((key) => (key in attributes ? [[key, attributes[key]] as const] : []))
  return {
    id: spanId,
    parent_span_id: parentSpanId,
    span_type: spanTypes[text(attributes, 'gen_ai.operation.name') ?? ''] ?? 'span',
    name: name || 'span',
    status: isError ? 'error' : 'success',
    started_at: timeOf(startedAt),
    ended_at: timeOf(endedAt),
    attributes: Object.fromEntries(kept),
  }
}

/** The call of a model, where the span is one. */
function toCall({ spanId, attributes, startedAt, endedAt, isError }: ExportedSpan): object[] {
  const model = text(attributes, 'gen_ai.response.model') ?? text(attributes, 'gen_ai.request.model')
  const operation = text(attributes, 'gen_ai.operation.name')
  if (model === null || (operation !== null && !modelOperations.includes(operation))) return []
  return [
    {
      span_id: spanId,
      model_name: model,
      provider: text(attributes, 'gen_ai.provider.name') ?? text(attributes, 'gen_ai.system'),
      input_tokens: count(attributes, 'gen_ai.usage.input_tokens'),
      output_tokens: count(attributes, 'gen_ai.usage.output_tokens'),
      cache_read_tokens: count(attributes, 'gen_ai.usage.cache_read.input_tokens'),
      cache_creation_tokens: count(attributes, 'gen_ai.usage.cache_creation.input_tokens'),
      finish_reason: textsOf(attributes['gen_ai.response.finish_reasons'])[0] ?? null,
      latency_ms: Math.max(0, endedAt - startedAt),
      status: isError ? 'error' : 'success',
      started_at: timeOf(startedAt),
      ended_at: timeOf(endedAt),
    },
  ]
}

/** The skill a span of `load_skill` asked for. */
function loadedSkill({ attributes, isError }: ExportedSpan): string[] {
  if (isError || attributes['gen_ai.tool.name'] !== 'load_skill') return []
  const sent = attributes['gen_ai.tool.call.arguments']
  const given = typeof sent === 'string' ? parse(sent) : sent
  const name = typeof given === 'object' && given !== null && 'name' in given ? given.name : null
  return typeof name === 'string' ? [name] : []
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return null
  }
}

/** Of the first span that has it, or its program. */
function first(spans: readonly ExportedSpan[], name: string): string | null {
  for (const { attributes, resource } of spans) {
    const value = text(attributes, name) ?? text(resource, name)
    if (value !== null) return value
  }
  return null
}

function text(attributes: Attributes, name: string): string | null {
  const value = attributes[name]
  return typeof value === 'string' && value.trim() !== '' ? value : null
}

function count(attributes: Attributes, name: string): number | null {
  const value = attributes[name]
  return typeof value === 'number' && value >= 0 ? value : null
}

function textsOf(value: AttributeValue | undefined): string[] {
  const items = Array.isArray(value) ? (value as readonly AttributeValue[]) : [value]
  return items.filter((item) => typeof item === 'string' && item !== '') as string[]
}

const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString()

import { modelFamilyOf } from '@routeiq/router'
import type { ZodType } from 'zod'
import { isUuid } from '../../uuid.ts'
import { readScores } from '../outcomes/read-scores.ts'
import { utcDay } from '../utc-day.ts'
import { creditedModel, readTraceSkills } from './read-trace-skills.ts'
import type { NewTrace } from './trace.ts'
import { formatTraceDocument } from './trace-document.ts'
import { TraceError } from './trace-error.ts'
import { type CallBody, callSchema, spanSchema, type TraceBody, traceSchema } from './trace-schema.ts'
import { readTimes } from './trace-times.ts'

const statuses = ['success', 'error', 'degraded', 'partial', 'running']
const sourceTypes = [
  ...['production', 'test', 'evaluation', 'sdk', 'manual', 'synthetic', 'development', 'sandbox'],
  ...['distillation', 'snapshot', 'file', 'url', 'eval_replay', 'sample', 'demo', 'hosted_trial', 'replayed'],
  'gateway',
]

export interface TraceContext {
  readonly now: number
  readonly newId: () => string
  readonly requireManifest: boolean
}

/** Reads one trace from the wire. Throws TraceError, with issues where the shape is wrong and else with one sentence. */
export function parseTrace(value: unknown, context: TraceContext): NewTrace {
  const body = readShape(traceSchema, value)
  const agentName = readAgentName(body)
  const status = readOne(body.status ?? 'success', statuses, 'status')
  const sourceType = readOne(body.source_type ?? 'production', sourceTypes, 'source_type')
  if (body.eval_score !== undefined) {
    throw new TraceError('eval_score is not accepted at the top level; send eval_scores: [{name, score}]')
  }
  const times = readTimes(body, context.now)
  const spans = readElements(
    spanSchema,
    body.spans ?? [],
    'spans',
    'name, span_type, started_at and ended_at',
  )
  for (const [index, span] of spans.entries()) readTimes(span, context.now, `spans[${index}].`)
  const calls = readElements(callSchema, body.llm_calls ?? [], 'llm_calls', 'model_name')
  const modelName = creditedModel(null, calls)
  return {
    id: readId(body.id, 'id') ?? context.newId(),
    day: utcDay(times.endedAt ?? times.startedAt ?? context.now),
    agentName,
    status,
    sourceType,
    sessionId: body.session_id ?? null,
    manifestId: readManifestId(body, context),
    parentTraceId: body.parent_trace_id ?? null,
    routingIds: readRoutingIds(body),
    skills: readTraceSkills(body, spans, calls),
    modelName,
    modelFamily: modelFamilyOf(modelName),
    latencyMs: times.startedAt === null || times.endedAt === null ? null : times.endedAt - times.startedAt,
    costUsd: sumCosts(calls),
    ...times,
    receivedAt: context.now,
    document: formatTraceDocument(body, spans, calls),
    scores: readScores(body.eval_scores ?? [], null),
  }
}

function readShape(schema: typeof traceSchema, value: unknown): TraceBody {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map(({ code, path, message }) => ({
    type: code,
    loc: ['body', ...path.map((step) => (typeof step === 'symbol' ? String(step) : step))],
    msg: message,
  }))
  const first = issues[0]
  throw new TraceError(`${first?.loc.slice(1).join('.') || 'body'}: ${first?.msg ?? 'wrong type'}`, issues)
}

function readElements<Element>(
  schema: ZodType<Element>,
  elements: readonly unknown[],
  name: string,
  needed: string,
): readonly Element[] {
  return elements.map((element, index) => {
    const parsed = schema.safeParse(element)
    if (parsed.success) return parsed.data
    const issue = parsed.error.issues[0]
    const where = `${name}[${index}]${issue?.path.map((step) => `.${String(step)}`).join('') ?? ''}`
    throw new TraceError(`${where}: ${issue?.message ?? 'wrong type'}; each of ${name} needs ${needed}`)
  })
}

function readAgentName({ agent_name }: TraceBody): string {
  const name = agent_name?.trim() ?? ''
  if (name === '') throw new TraceError('agent_name is required')
  if (name.length > 255) throw new TraceError('agent_name is longer than 255 characters')
  if (name.includes('\0')) throw new TraceError('agent_name holds a NUL character')
  return name
}

function readOne(value: string, allowed: readonly string[], name: string): string {
  if (allowed.includes(value)) return value
  throw new TraceError(
    `${name} must be one of ${allowed.join(', ')}, not ${JSON.stringify(value.slice(0, 64))}`,
  )
}

function readId(value: string | null | undefined, name: string): string | null {
  if (value == null) return null
  if (isUuid(value)) return value.toLowerCase()
  throw new TraceError(`${name} is not a UUID: ${JSON.stringify(value.slice(0, 64))}`)
}

function readManifestId({ manifest_id }: TraceBody, { requireManifest }: TraceContext): string | null {
  const id = readId(manifest_id, 'manifest_id')
  if (id === null && requireManifest) {
    throw new TraceError('manifest_id is required; register the agent with POST /api/v1/manifests first')
  }
  return id
}

function readRoutingIds({
  routing_id,
  routing_ids,
  skills_delivered_versions,
}: TraceBody): readonly string[] {
  const witnessed = (skills_delivered_versions ?? []).map((version) => version.routing_id)
  const all = [routing_id, ...(routing_ids ?? []), ...witnessed].filter((id) => id != null && id !== '')
  return [...new Set(all as string[])].slice(0, 64)
}

function sumCosts(calls: readonly CallBody[]): number | null {
  const costs = calls.flatMap(({ cost_usd }) => (cost_usd == null ? [] : [cost_usd]))
  return costs.length === 0 ? null : costs.reduce((sum, cost) => sum + cost, 0)
}

import type { Exchange } from '../../http/exchange.ts'
import type { InvocationRecord } from './invoke-skill.ts'

/** An invocation as a span of its request. Neither arguments nor results are in it; `startedAt` is monotonic. */
export function traceInvocation(
  trace: NonNullable<Exchange['trace']>,
  { id, name, type, namespace, status, durationMs }: InvocationRecord,
  startedAt: number,
): void {
  const isError = status !== 'ok' && status !== 'client_action_required'
  const skill = name.slice(0, 256)
  const began = performance.timeOrigin + startedAt
  trace.addSpan({
    name: `skill.invoke/${skill}`,
    kind: 'internal',
    startedAt: began,
    endedAt: began + durationMs,
    attributes: {
      'skill.id': skill,
      'skill.type': type,
      'skill.namespace': namespace,
      'skill.duration_ms': durationMs,
      'skill.status': status,
      'skill.invocation_id': id,
      'error.type': isError ? status : null,
    },
    error: isError ? status : null,
  })
}

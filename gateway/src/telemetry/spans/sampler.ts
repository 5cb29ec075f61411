import type { TraceContext } from './trace-context.ts'

export type SamplerName =
  | 'always_on'
  | 'always_off'
  | 'traceidratio'
  | 'parentbased_always_on'
  | 'parentbased_always_off'
  | 'parentbased_traceidratio'

/** Whether a trace is kept. `ratio` is the share of those that begin here, 0..1. */
export function isTraceKept(
  { name, ratio }: { readonly name: SamplerName; readonly ratio: number },
  traceId: string,
  parent: TraceContext | null,
): boolean {
  if (name.startsWith('parentbased_') && parent !== null) return parent.isSampled
  if (name.endsWith('always_on')) return true
  if (name.endsWith('always_off')) return false
  // The last 56 bits are the random part of an id, so that all services of a trace decide alike.
  return Number.parseInt(traceId.slice(-14), 16) < ratio * 2 ** 56
}

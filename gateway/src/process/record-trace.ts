import { randomUUID } from 'node:crypto'
import { parseTrace } from '../evidence/traces/parse-trace.ts'
import type { Evidence } from './evidence.ts'
import type { Telemetry } from './telemetry.ts'

export interface TraceRecording {
  readonly evidence: Evidence
  readonly telemetry: Telemetry
  readonly now: () => number
}

/** Writes a trace of the gateway's own, in the form clients send theirs in. One that cannot be written is missed, and nobody waits. */
export async function recordTrace(
  { evidence, telemetry, now }: TraceRecording,
  workspaceId: string,
  trace: Readonly<Record<string, unknown>>,
): Promise<void> {
  try {
    const parsed = parseTrace(trace, { now: now(), newId: randomUUID, requireManifest: false })
    await evidence.routes.traceWriter.write(workspaceId, [parsed])
  } catch (error) {
    telemetry.logger.log('warn', 'skill_trace_not_written', {
      workspace_id: workspaceId,
      reason: error instanceof Error ? error.message : String(error),
    })
  }
}

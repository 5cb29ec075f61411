import type { Gateway } from '../pipeline/gateway.ts'
import { creatorOf } from '../skills/api/skill-context.ts'
import { type InvocationRecord, newInvocationId } from '../skills/functions/invoke-skill.ts'
import { traceInvocation } from '../skills/functions/trace-invocation.ts'

/** Programs that models had run are recorded like any other call of a skill. */
export function recordRuns(record: (invocation: InvocationRecord) => void): Gateway['recordRun'] {
  return ({ request, language, status, startedAt, endedAt }) => {
    const { exchange, caller } = request
    const { requestId, trace } = exchange
    const invocation: InvocationRecord = {
      ...{ id: newInvocationId(), requestId, actor: creatorOf(caller), name: 'code_execution' },
      ...{ type: 'code', namespace: language, status, durationMs: Math.round(endedAt - startedAt) },
    }
    record(invocation)
    if (trace !== null) traceInvocation(trace, invocation, startedAt)
  }
}

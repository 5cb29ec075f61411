import { readRecord, readText } from '../conversation/json-value.ts'
import type { A2aError } from './protocol/a2a-error.ts'
import { methodName } from './protocol/methods.ts'
import type { AgentCall } from './relay/agent-call.ts'

/** The call of an agent as a span of its request, where that one is traced. Nothing that was said is in it. */
export function traceCall(call: AgentCall, error: A2aError | null): void {
  const { exchange, agent, operation, version, params, report } = call
  const { trace, startedAt } = exchange
  if (trace === null) return
  const isStream = operation === 'stream' || operation === 'subscribe'
  const now = performance.now()
  trace.addSpan({
    name: `a2a.agent.${isStream ? 'stream' : 'send'}/${agent.name}`,
    kind: 'client',
    startedAt: performance.timeOrigin + startedAt,
    endedAt: performance.timeOrigin + now,
    attributes: {
      'a2a.agent.id': agent.agentId,
      'a2a.agent.name': agent.name,
      'a2a.method': methodName(operation, version),
      'a2a.protocol.version': version,
      'a2a.task.id': report.taskId,
      'a2a.task.state': report.state,
      'a2a.message.id': readText(readRecord(params['message'])?.['messageId']),
      'a2a.stream': isStream,
      'a2a.success': error === null,
      'a2a.duration_ms': Math.round(now - startedAt),
      'a2a.client_disconnected': exchange.clientGone,
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.id': agent.agentId,
      'gen_ai.agent.name': agent.name,
      'error.type': error?.reason ?? null,
    },
    error: error?.reason ?? null,
  })
}

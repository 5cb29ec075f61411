import type { PluginCall, PluginResponse } from '@routeiq/contract'
import type { PluginHost } from '../plugins/plugin-host.ts'
import { picoPerUsd } from '../pricing/prices.ts'
import type { RequestRecord } from '../telemetry/request-record.ts'
import { renderCached } from './cache/render-cached.ts'
import type { Gateway } from './gateway.ts'
import type { ModelRequest } from './model-request.ts'
import type { Progress } from './progress.ts'

/** Tells plugins how a call they have seen went, after the answer has gone out. A client that left is told of to nobody. */
export function tellPlugins(
  gateway: Gateway,
  request: ModelRequest,
  progress: Progress,
  record: RequestRecord,
): void {
  const { plugins } = gateway.identity
  const { pluginCall, error } = progress
  if (plugins === null || pluginCall === null || record.clientDisconnected) return
  setImmediate(() => {
    if (error === null) tellOfSuccess(gateway, plugins, pluginCall, request, progress, record)
    else {
      const { code, status, message } = error
      plugins.tellOfFailure(pluginCall, { code, status, message })
    }
  })
}

function tellOfSuccess(
  gateway: Gateway,
  plugins: PluginHost,
  call: PluginCall,
  request: ModelRequest,
  progress: Progress,
  record: RequestRecord,
): void {
  if (!plugins.readsAnswers) return
  const { usage, costPico, target } = record
  plugins.tellOfSuccess(call, {
    status: record.status,
    provider: target?.provider ?? null,
    deploymentId: target?.deploymentId ?? null,
    inputTokens: usage?.inputTokens ?? null,
    outputTokens: usage?.outputTokens ?? null,
    costUsd: costPico === null ? null : Number(costPico) / picoPerUsd,
    cacheHit: record.cacheHit,
    stream: record.stream,
    durationMs: record.endedAt - record.startedAt,
    body: readAnswer(gateway, request, progress),
  })
}

/** The answer as the client would have had it whole. */
function readAnswer(gateway: Gateway, request: ModelRequest, { captured }: Progress): PluginResponse['body'] {
  const text = captured?.text() ?? null
  if (captured === null || text === null) return null
  const { isStream, usage } = captured
  const answer = { isStream, includesUsage: request.includeUsage, text, usage, deploymentId: '', storedAt: 0 }
  const whole = renderCached({ ...request, stream: false }, answer, gateway.blobs)
  try {
    const parsed: unknown = whole === null ? null : JSON.parse(whole.toString())
    return typeof parsed === 'object' && !Array.isArray(parsed) ? (parsed as PluginResponse['body']) : null
  } catch {
    return null
  }
}

import { AttemptPlan } from '../balancing/attempt-plan.ts'
import type { AttemptRequest } from '../balancing/attempt-request.ts'
import { isModelAllowed } from '../deployments/allowed-models.ts'
import type { Capability } from '../deployments/filter-candidates.ts'
import type { Resolution } from '../deployments/resolve-model.ts'
import { estimateInputTokens } from '../pricing/estimate-tokens.ts'
import type { Gateway } from './gateway.ts'
import type { ModelRequest } from './model-request.ts'

/** Plans where the request may go: candidates, filters and strategy run each time the plan is asked for an attempt. */
export function chooseDeployment(
  gateway: Gateway,
  request: ModelRequest,
  resolution: Resolution,
): AttemptPlan {
  const { routing } = request.runtime
  const context = {
    snapshot: routing,
    strategy: gateway.strategy(),
    states: gateway.states,
    now: gateway.now,
    random: gateway.random,
  }
  return new AttemptPlan(context, resolution, describeRequest(gateway, request))
}

function describeRequest(gateway: Gateway, request: ModelRequest): AttemptRequest {
  const { options, caller, body } = request
  const { routing } = request.runtime.config
  const timeoutMs = request.stream ? (options.streamTimeoutMs ?? options.timeoutMs) : options.timeoutMs
  return {
    operation: request.operation,
    boundTo: request.boundTo,
    inputTokens: estimateInputTokens(request.bytes.length),
    capabilities: routing.enablePreCallChecks ? readCapabilities(body) : none,
    tags: options.tags,
    teamId: caller.teamId,
    allowedRegion: null,
    stream: request.stream,
    maxOutputTokens: readMaxTokens(body),
    numRetries: options.numRetries,
    fallbacks: {
      general: options.fallbacks,
      contextWindow: options.contextWindowFallbacks,
      contentPolicy: options.contentPolicyFallbacks,
      disabled: options.disableFallbacks,
    },
    deadlineMs: timeoutMs === null ? Number.POSITIVE_INFINITY : gateway.now() + timeoutMs,
    mayUse: (target: Resolution) => isModelAllowed(caller.grants, null, target),
  }
}

const none: readonly Capability[] = []

/** What the request needs a model to be able to do. Looks at types of parts only, never at their text. */
function readCapabilities(body: Readonly<Record<string, unknown>>): readonly Capability[] {
  const needed = new Set<Capability>()
  if (Array.isArray(body['tools']) && body['tools'].length > 0) needed.add('supports_function_calling')
  const format = body['response_format'] as { type?: unknown } | null | undefined
  if (format?.type === 'json_schema') needed.add('supports_response_schema')
  for (const message of Array.isArray(body['messages']) ? body['messages'] : []) {
    const content = (message as { content?: unknown } | null)?.content
    for (const part of Array.isArray(content) ? content : [])
      addPartCapability(needed, (part as { type?: unknown } | null)?.type)
  }
  return [...needed]
}

function addPartCapability(needed: Set<Capability>, type: unknown): void {
  if (type === 'image_url') needed.add('supports_vision')
  else if (type === 'file') needed.add('supports_pdf_input')
  else if (type === 'input_audio') needed.add('supports_audio_input')
}

function readMaxTokens(body: Readonly<Record<string, unknown>>): number | null {
  const value = body['max_completion_tokens'] ?? body['max_tokens']
  return typeof value === 'number' ? value : null
}

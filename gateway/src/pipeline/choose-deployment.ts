import { ArmOrder } from '../balancing/arm-order.ts'
import { AttemptPlan } from '../balancing/attempt-plan.ts'
import type { AttemptRequest } from '../balancing/attempt-request.ts'
import type { Capability } from '../deployments/filter-candidates.ts'
import { type RegionWish, readRegionWish } from '../deployments/region-wish.ts'
import type { Resolution } from '../deployments/resolve-model.ts'
import type { ModelChoice } from '../model-routing/model-choice.ts'
import { estimateInputTokens } from '../pricing/estimate-tokens.ts'
import { mayUseModel } from './admit.ts'
import type { Gateway } from './gateway.ts'
import type { ModelRequest } from './model-request.ts'

/** Plans where the request may go: candidates, filters and strategy run each time the plan is asked for an attempt. */
export function chooseDeployment(
  gateway: Gateway,
  request: ModelRequest,
  resolution: Resolution,
  choice: ModelChoice | null,
): AttemptPlan {
  const { routing } = request.runtime
  const context = {
    snapshot: routing,
    strategy: gateway.strategy(),
    states: gateway.states,
    now: gateway.now,
    random: gateway.random,
  }
  const arms = choice === null ? null : new ArmOrder(choice.routed, choice.order)
  return new AttemptPlan(context, resolution, describeRequest(gateway, request, arms))
}

function describeRequest(
  gateway: Gateway,
  request: ModelRequest,
  arms: AttemptRequest['arms'],
): AttemptRequest {
  const { options, caller, body } = request
  const { routing } = request.runtime.config
  const timeoutMs = request.stream ? (options.streamTimeoutMs ?? options.timeoutMs) : options.timeoutMs
  return {
    arms,
    operation: request.operation,
    boundTo: request.boundTo,
    preferredId: request.preferredId ?? request.skills?.deploymentId ?? null,
    inputTokens: estimateInputTokens(request.bytes.length),
    capabilities: routing.enablePreCallChecks ? readCapabilities(body) : none,
    tags: options.tags,
    teamId: caller.teamId,
    region: readRegion(request),
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
    mayUse: (target, isExempt) => mayUseModel(gateway, request, target, isExempt),
  }
}

const none: readonly Capability[] = []

/** The region a request names, where the configuration routes by regions; null else. */
export function readRegion({ exchange, runtime }: ModelRequest): RegionWish | null {
  const { regions } = runtime.config.routing
  return regions === null ? null : readRegionWish(regions, exchange.header(regions.header))
}

type Body = Readonly<Record<string, unknown>>

/** What the request needs a model to be able to do. Looks at types of parts only, never at their text. */
export function readCapabilities(body: Body): readonly Capability[] {
  const needed = new Set<Capability>()
  if (Array.isArray(body['tools']) && body['tools'].length > 0) needed.add('supports_function_calling')
  const format = body['response_format'] ?? (body['text'] as Body | null | undefined)?.['format']
  if ((format as Body | null | undefined)?.['type'] === 'json_schema') needed.add('supports_response_schema')
  const turns = body['messages'] ?? body['input']
  for (const turn of Array.isArray(turns) ? turns : []) {
    const content = (turn as { content?: unknown } | null)?.content
    for (const part of Array.isArray(content) ? content : []) {
      const capability = capabilities.get((part as { type?: unknown } | null)?.type)
      if (capability !== undefined) needed.add(capability)
    }
  }
  return [...needed]
}

/** By the type of a part, in chat completions and in Responses. */
const capabilities: ReadonlyMap<unknown, Capability> = new Map([
  ['image_url', 'supports_vision'],
  ['input_image', 'supports_vision'],
  ['file', 'supports_pdf_input'],
  ['input_file', 'supports_pdf_input'],
  ['input_audio', 'supports_audio_input'],
])

function readMaxTokens(body: Body): number | null {
  const value = body['max_completion_tokens'] ?? body['max_tokens'] ?? body['max_output_tokens']
  return typeof value === 'number' ? value : null
}

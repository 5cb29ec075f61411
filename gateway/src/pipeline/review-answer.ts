import type { PluginCall } from '@routeiq/contract'
import type { AttemptPlan } from '../balancing/attempt-plan.ts'
import { isTextOperation } from '../conversation/operation.ts'
import type { PluginHost } from '../plugins/plugin-host.ts'
import type { Answer } from './call.ts'
import type { Gateway } from './gateway.ts'
import { holdStream } from './guarded/held-stream.ts'
import { judgeAnswer } from './guarded/judge-answer.ts'
import type { ModelRequest } from './model-request.ts'
import { priceAnswer } from './price-answer.ts'
import type { Progress } from './progress.ts'

/**
 * Shows a model's answer to guards before the client gets any of it: a stream is held until it is complete. Comes back as they leave it, at once where no guard
 * looks at answers. Errors: 446 `guardrail_denied`, 500 `plugin_failed`; what keeps a stream from being complete.
 */
export function reviewAnswer(
  gateway: Gateway,
  request: ModelRequest,
  answer: Answer,
  plan: AttemptPlan,
  progress: Progress,
): Answer | Promise<Answer> {
  const { plugins } = gateway.identity
  const { pluginCall } = progress
  if (plugins === null || !plugins.guardsAnswers || pluginCall === null) return answer
  if (!isTextOperation(request.operation)) return answer
  return review(gateway, plugins, request, pluginCall, answer, plan, progress)
}

async function review(
  gateway: Gateway,
  plugins: PluginHost,
  request: ModelRequest,
  pluginCall: PluginCall,
  answer: Answer,
  plan: AttemptPlan,
  progress: Progress,
): Promise<Answer> {
  const { result, planned } = answer
  const given = result.kind === 'reply' ? result.reply : await holdStream(request, answer, plan, progress)
  try {
    const reply = await judgeAnswer(gateway, plugins, request, pluginCall, given)
    return { ...answer, result: { kind: 'reply', status: 200, reply } }
  } catch (error) {
    // The provider has done its work and is paid for it.
    progress.usage = given.usage
    priceAnswer(progress, planned.deployment, given.terms)
    plan.succeed(given.usage)
    throw error
  }
}

import type { PluginEvaluation, PluginInvocation } from '@routeiq/contract'
import { z } from 'zod'
import type { RunningPlugin } from './running-plugin.ts'

export type EvaluatorHook = 'evaluateMcpResult' | 'evaluateA2aResult'

/** What a plugin thinks of one answer of a tool or an agent. */
export interface Evaluated extends Required<PluginEvaluation> {
  readonly plugin: string
  readonly hook: EvaluatorHook
  readonly requestId: string
  readonly durationMs: number
}

const evaluationSchema = z.object({
  score: z.number().min(0).max(1).nullable().default(null),
  status: z.enum(['success', 'error', 'skipped']).default('success'),
  metadata: z.record(z.string(), z.unknown()).default({}),
})

/** Has the plugins with the capability `EVALUATOR` judge an answer; nobody waits for them. */
export function evaluate(
  plugins: readonly RunningPlugin[],
  hook: EvaluatorHook,
  invocation: PluginInvocation,
  onEvaluated: (evaluated: Evaluated) => void,
): void {
  for (const plugin of plugins) {
    const startedAt = performance.now()
    const { requestId } = invocation
    plugin.tell(hook, [structuredClone(invocation)], requestId, (said) => {
      const evaluation = evaluationSchema.parse(said ?? { status: 'skipped' })
      const durationMs = performance.now() - startedAt
      onEvaluated({ ...evaluation, plugin: plugin.identity.name, hook, requestId, durationMs })
    })
  }
}

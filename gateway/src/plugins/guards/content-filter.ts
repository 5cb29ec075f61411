import type { Plugin, PluginLogger } from '@routeiq/contract'
import type { ContentFilterConfig } from '../../config/config.ts'
import { listAnswerTexts, listUserTexts, onlyMeasures } from './call-text.ts'
import { type HarmCategory, harmCategories } from './harm-rules.ts'
import { scoreHarm } from './score-harm.ts'

/**
 * Looks for harmful content in what users and tools have written and in what models answer: refuses the call or the answer, or only notes it. What is only
 * noted of an answer is noted after it.
 */
export function createContentFilter({ action, threshold, categories }: ContentFilterConfig): Plugin {
  const wanted = harmCategories.filter((name) => categories.length === 0 || categories.includes(name))
  let logger: PluginLogger | null = null
  const note = (what: string, found: string, requestId: string): void =>
    logger?.[action === 'warn' ? 'warn' : 'info'](`${what} looks harmful`, {
      ...{ categories: found, request_id: requestId },
    })
  const find = async (texts: readonly string[]): Promise<string> =>
    describe(await scoreHarm(texts), wanted, threshold)
  const plugin: Plugin = {
    metadata: {
      ...{ name: 'content-filter', version: '1.0.0', capabilities: ['GUARDRAIL'], priority: 55 },
      failureMode: action === 'block' ? 'abort' : 'continue',
      description: 'Harmful content in calls and answers of models',
    },
    startup(_app, context) {
      logger = context.logger
    },
    async onLlmPreCall(_model, _messages, { body, operation, requestId }) {
      if (onlyMeasures(operation)) return null
      const found = await find(listUserTexts(body))
      if (found === '') return null
      if (action === 'block') return { deny: { message: `The request looks harmful: ${found}.` } }
      note('a call', found, requestId)
      return null
    },
  }
  if (action === 'block')
    plugin.onLlmAnswer = async (_model, { texts }) => {
      const found = await find(texts)
      return found === '' ? null : { deny: { message: `The answer looks harmful: ${found}.` } }
    }
  else
    plugin.onLlmSuccess = async (_model, { body }, { requestId }) => {
      const found = body === null ? '' : await find(listAnswerTexts(body))
      if (found !== '') note('an answer', found, requestId)
    }
  return plugin
}

/** The categories that reach the threshold, with their scores; empty for none. */
function describe(
  scores: ReadonlyMap<HarmCategory, number>,
  wanted: readonly HarmCategory[],
  threshold: number,
): string {
  return wanted
    .flatMap((name) => {
      const score = scores.get(name) ?? 0
      // Weights are decimal fractions, whose products are not exact.
      return score > 0 && score >= threshold - 1e-9 ? `${name} (${score.toFixed(2)})` : []
    })
    .join(', ')
}

import type { Plugin, PluginLogger } from '@routeiq/contract'
import type { BedrockGuardrailsConfig } from '../../config/config.ts'
import type { Blocked } from './bedrock-guardrail-answer.ts'
import { listUserTexts, mapUserTexts, onlyMeasures } from './call-text.ts'
import type { GuardService } from './guard-service.ts'
import { GuardrailLook } from './guardrail-look.ts'
import { SafeTexts } from './safe-texts.ts'

/**
 * Has a guardrail of Amazon Bedrock look at what users and tools have written, and at what models answer (ApplyGuardrail): what it blocks is refused, what it
 * masks goes on masked.
 */
export function createBedrockGuardrails(
  { id, failMode }: BedrockGuardrailsConfig,
  service: GuardService,
): Plugin {
  const safe = { INPUT: new SafeTexts(), OUTPUT: new SafeTexts() }
  let logger: PluginLogger | null = null
  const deny = ({ message, policies }: Blocked, requestId: string) => {
    logger?.info('a guardrail of Amazon Bedrock blocks', { policies, request_id: requestId })
    return { deny: { message, id } }
  }
  return {
    metadata: {
      ...{ name: 'bedrock-guardrails', version: '1.0.0', capabilities: ['GUARDRAIL'], priority: 70 },
      failureMode: failMode === 'closed' ? 'abort' : 'continue',
      description: 'A guardrail of Amazon Bedrock for calls and answers of models',
    },
    startup(_app, context) {
      logger = context.logger
    },
    shutdown: () => service.close(),
    async onLlmPreCall(_model, _messages, { body, operation, requestId }) {
      if (onlyMeasures(operation)) return null
      const look = new GuardrailLook('INPUT', service, safe.INPUT)
      const blocked = await look.at(listUserTexts(body))
      return blocked === null ? mapUserTexts(body, look.mask) : deny(blocked, requestId)
    },
    async onLlmAnswer(_model, { texts }, { requestId }) {
      const look = new GuardrailLook('OUTPUT', service, safe.OUTPUT)
      const blocked = await look.at(texts)
      return blocked === null ? { texts: texts.map(look.mask) } : deny(blocked, requestId)
    },
  }
}

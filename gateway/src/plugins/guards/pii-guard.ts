import type { Plugin, PluginLogger } from '@routeiq/contract'
import type { PiiGuardConfig } from '../../config/config.ts'
import { mapTexts } from './call-text.ts'
import { type PersonalDataType, personalDataTypes, redactPersonalData } from './personal-data.ts'

/**
 * Looks for personal data in what is sent to models, in messages of every role and in results of tools: takes it out, refuses the
 * call, or only notes its kinds.
 */
export function createPiiGuard({ action, entityTypes }: PiiGuardConfig): Plugin {
  const types = personalDataTypes.filter((type) => entityTypes.length === 0 || entityTypes.includes(type))
  let logger: PluginLogger | null = null
  return {
    metadata: {
      ...{ name: 'pii-guard', version: '1.0.0', capabilities: ['GUARDRAIL'], priority: 60 },
      failureMode: action === 'redact' || action === 'block' ? 'abort' : 'continue',
      description: 'Personal data in calls of models',
    },
    startup(_app, context) {
      logger = context.logger
    },
    onLlmPreCall(_model, _messages, { body, requestId }) {
      const found = new Set<PersonalDataType>()
      const changed = mapTexts(body, (text) => redactPersonalData(text, types, (type) => found.add(type)))
      if (found.size === 0) return null
      const kinds = [...found].join(', ')
      if (action === 'block') return { deny: { message: `The request holds personal data: ${kinds}.` } }
      if (action === 'redact') return changed
      logger?.[action === 'warn' ? 'warn' : 'info']('personal data was sent to a model', {
        ...{ kinds, request_id: requestId },
      })
      return null
    },
  }
}

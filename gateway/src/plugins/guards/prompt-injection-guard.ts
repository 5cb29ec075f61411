import type { Plugin, PluginLogger } from '@routeiq/contract'
import type { InjectionGuardConfig } from '../../config/config.ts'
import { listUserTexts } from './call-text.ts'

/** What talks a model out of its directions. No word alone is enough, and no repetition is unbounded. */
const signs: readonly (readonly [name: string, pattern: RegExp])[] = [
  [
    'instruction override',
    /\b(?:ignore|disregard|forget|override|bypass)\s{1,3}(?:[\w']{1,12}\s{1,3}){0,4}(?:(?:previous|prior|above|earlier|preceding|original|system|your|all)\s{1,3}){1,3}(?:[\w']{1,12}\s{1,3}){0,2}(?:instructions?|prompts?|rules|guidelines|directions|programming)\b/i,
  ],
  [
    'role marker',
    /^[ \t]{0,8}\[\/?(?:system|inst)\]|<<\/?SYS>>|<\|(?:im_start|start_header_id)\|>[ \t]{0,3}system|^[ \t]{0,8}#{1,4}[ \t]{0,3}system[ \t]{0,3}(?:prompt|message)?[ \t]{0,3}:/im,
  ],
  // A name as well, unless it shouts.
  [
    'jailbreak persona',
    /\b(?:[Yy]ou are|[Yy]ou're|[Aa]ct as|[Pp]retend to be|[Bb]ecome)\s{1,3}(?:[\w']{1,12}\s{1,3}){0,4}DAN\b/,
  ],
  [
    'jailbreak persona',
    /\b(?:you are|you're|act as|pretend to be|become|enable|enter|activate|switch to)\s{1,3}(?:[\w']{1,12}\s{1,3}){0,4}(?:developer mode|jailbreak mode|god mode|unrestricted mode)|\bdo anything now\b/i,
  ],
  [
    'prompt extraction',
    /\b(?:reveal|print|show|repeat|output|tell me|display)\s{1,3}(?:[\w']{1,12}\s{1,3}){0,4}(?:your|the)\s{1,3}(?:[\w']{1,12}\s{1,3}){0,2}(?:system prompt|initial instructions|hidden instructions)\b/i,
  ],
]

/** Looks for attempts to take over a model in what users and tools have written: refuses the call, or only notes it. */
export function createPromptInjectionGuard({ action }: InjectionGuardConfig): Plugin {
  let logger: PluginLogger | null = null
  return {
    metadata: {
      ...{ name: 'prompt-injection-guard', version: '1.0.0', capabilities: ['GUARDRAIL'], priority: 50 },
      failureMode: action === 'block' ? 'abort' : 'continue',
      description: 'Attempts to take over a model',
    },
    startup(_app, context) {
      logger = context.logger
    },
    onLlmPreCall(_model, _messages, { body, requestId }) {
      const texts = listUserTexts(body)
      const sign = signs.find(([, pattern]) => texts.some((text) => pattern.test(text)))?.[0]
      if (sign === undefined) return null
      if (action === 'block')
        return { deny: { message: `The request looks like an attempt to take over the model (${sign}).` } }
      logger?.[action === 'warn' ? 'warn' : 'info']('a call looks like a prompt injection', {
        ...{ sign, request_id: requestId },
      })
      return null
    },
  }
}

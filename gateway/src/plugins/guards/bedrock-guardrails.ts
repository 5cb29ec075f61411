import type { Plugin, PluginLogger } from '@routeiq/contract'
import type { BedrockGuardrailsConfig } from '../../config/config.ts'
import { type Blocked, readGuardrailAnswer } from './bedrock-guardrail-answer.ts'
import { listUserTexts, mapUserTexts } from './call-text.ts'
import { cutText, piecesOf } from './cut-text.ts'
import { findVerdict, type GuardService } from './guard-service.ts'
import { SafeTexts } from './safe-texts.ts'

/** Under the 25 text units of 1,000 characters that an account may send in a second, unless it asks for more. */
const longestPiece = 20_000

/**
 * Has a guardrail of Amazon Bedrock look at what users and tools have written, and at what models answer (ApplyGuardrail): what it blocks is refused, what it
 * masks goes on masked.
 */
export function createBedrockGuardrails(
  { id, failMode }: BedrockGuardrailsConfig,
  service: GuardService,
): Plugin {
  const safe = new SafeTexts()
  let logger: PluginLogger | null = null
  const look = async (source: 'INPUT' | 'OUTPUT', pieces: readonly string[]): Promise<Looked> => {
    const masked = new Map<string, string>()
    const blocked = await findVerdict(pieces, async (piece) => {
      const answer = await service.post({ source, content: [{ text: { text: piece } }] })
      const assessed = readGuardrailAnswer(answer)
      if (assessed.kind === 'pass' && source === 'INPUT') safe.add(piece)
      if (assessed.kind === 'mask') masked.set(piece, assessed.text)
      return assessed.kind === 'block' ? assessed : null
    })
    const mask = (text: string): string =>
      cutText(text, longestPiece)
        .map((piece) => masked.get(piece) ?? piece)
        .join('')
    return { blocked, mask }
  }
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
    async onLlmPreCall(_model, _messages, { body, requestId }) {
      const pieces = safe.unknown(piecesOf(listUserTexts(body), longestPiece))
      const { blocked, mask } = await look('INPUT', pieces)
      return blocked === null ? mapUserTexts(body, mask) : deny(blocked, requestId)
    },
    async onLlmAnswer(_model, { texts }, { requestId }) {
      const { blocked, mask } = await look('OUTPUT', [...new Set(piecesOf(texts, longestPiece))])
      return blocked === null ? { texts: texts.map(mask) } : deny(blocked, requestId)
    },
  }
}

interface Looked {
  readonly blocked: Blocked | null
  /** A text with what the guardrail hides replaced. */
  readonly mask: (text: string) => string
}

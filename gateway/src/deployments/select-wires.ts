import type { ModelConfig } from '../config/config.ts'
import type { DialectId } from '../conversation/dialect.ts'
import { selectWireId } from '../providers/upstream-model.ts'
import type { ProviderProfile } from '../providers/wire.ts'
import type { Deployment } from './deployment.ts'

const modePrefix = 'responses/'

/** `openai/responses/<model>` names the wire to use; the vendor knows the model without it. */
export function stripMode(upstreamModel: string): string {
  return upstreamModel.startsWith(modePrefix) ? upstreamModel.slice(modePrefix.length) : upstreamModel
}

/**
 * Which wires a deployment speaks: its own, and the one for clients of Responses where that is another.
 * `responses/<model>` and `mode: responses` make Responses its own. A base URL that ends in the path of chat
 * completions leads to nothing else. Errors: throws for a vendor without Responses that is asked for them.
 */
export function selectWires(
  config: ModelConfig,
  provider: ProviderProfile,
): { readonly own: string; readonly responses: string | null } {
  const { responsesWireId = null } = provider
  if (config.info.mode === 'responses' || config.upstreamModel.startsWith(modePrefix)) {
    if (responsesWireId === null) throw new Error(`provider \`${provider.id}\` has no Responses`)
    return { own: responsesWireId, responses: null }
  }
  const isChatOnly = config.useChatCompletionsApi || /\/chat\/completions\/*$/.test(config.apiBase ?? '')
  const own = selectWireId(provider, config.upstreamModel)
  return { own, responses: isChatOnly ? null : responsesWireId }
}

/** The deployment by the wire that serves clients of this dialect best. */
export function facing(deployment: Deployment, dialect: DialectId): Deployment {
  return dialect === 'openai-responses' ? (deployment.responses ?? deployment) : deployment
}

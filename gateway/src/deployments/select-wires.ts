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

/** Which wires a deployment speaks, by id. */
interface SelectedWires {
  readonly own: string
  /** The one for clients of Responses, null where that is `own`, or the vendor has none. */
  readonly responses: string | null
  /** Clients of Messages get that one, too, which carries thinking from turn to turn. */
  readonly messagesByResponses: boolean
}

/**
 * `responses/<model>` and `mode: responses` make Responses the deployment's own wire. A base URL that ends in the path of
 * chat completions leads to nothing else. Servers of others behind `openai/…` mostly know chat completions alone, so clients
 * of Messages get Responses only from the vendor itself, or where `use_chat_completions_api: false` says so.
 * Errors: throws for a vendor without Responses that is asked for them.
 */
export function selectWires(
  config: ModelConfig,
  provider: ProviderProfile,
  chatForMessages: boolean,
): SelectedWires {
  const { responsesWireId = null } = provider
  if (config.info.mode === 'responses' || config.upstreamModel.startsWith(modePrefix)) {
    if (responsesWireId === null) throw new Error(`provider \`${provider.id}\` has no Responses`)
    return { own: responsesWireId, responses: null, messagesByResponses: false }
  }
  const { useChatCompletionsApi, apiBase } = config
  const isChatOnly = useChatCompletionsApi === true || /\/chat\/completions\/*$/.test(apiBase ?? '')
  const own = selectWireId(provider, config.upstreamModel)
  const responses = isChatOnly ? null : responsesWireId
  const isMeant = useChatCompletionsApi === false || isVendorItself(apiBase)
  return { own, responses, messagesByResponses: responses !== null && isMeant && !chatForMessages }
}

/** OpenAI's hosts and those of Azure OpenAI. */
function isVendorItself(apiBase: string | null): boolean {
  if (apiBase === null) return true
  const host = URL.canParse(apiBase) ? new URL(apiBase).hostname : ''
  return /(?:^|\.)(?:openai\.com|openai\.azure\.com|cognitiveservices\.azure\.com)$/.test(host)
}

/** The deployment by the wire that serves clients of this dialect best. */
export function facing(deployment: Deployment, dialect: DialectId): Deployment {
  const wantsResponses =
    dialect === 'openai-responses' || (dialect === 'anthropic-messages' && deployment.messagesByResponses)
  return wantsResponses ? (deployment.responses ?? deployment) : deployment
}

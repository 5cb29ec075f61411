import type { SkillsConfig } from '../../config/config.ts'
import type { Exchange } from '../../http/exchange.ts'
import { queryOf } from '../../http/path.ts'

/** Two vendors, one path: whose objects are spoken. `beta` is Anthropic's older shape. */
export type SkillDialect = 'anthropic' | 'anthropic-beta' | 'openai'

const betaName = 'skills-2025-10-02'

/**
 * The first sign counts: an explicit header, a vendor's own headers, then what gateways' guides show. `neutral` is for
 * plain clients that give no sign.
 */
export function selectSkillDialect(
  exchange: Exchange,
  neutral: SkillsConfig['neutralDialect'],
): SkillDialect {
  const beta = exchange.header('anthropic-beta') ?? ''
  const hasAnthropic = exchange.header('anthropic-version') !== null || beta !== ''
  const anthropic = beta.includes(betaName) ? 'anthropic-beta' : 'anthropic'
  const named = exchange.header('x-routeiq-dialect')
  if (named === 'openai') return 'openai'
  if (named === 'anthropic' || hasAnthropic) return anthropic
  const query = queryOf(exchange.target)
  const isGuide = query.get('beta') === 'true' || query.has('custom_llm_provider')
  if (isGuide || exchange.header('x-litellm-model') !== null || exchange.header('x-litellm-api-key') !== null)
    return 'anthropic-beta'
  const isOpenAi =
    exchange.header('openai-organization') !== null ||
    exchange.header('openai-project') !== null ||
    (exchange.header('user-agent') ?? '').startsWith('OpenAI/')
  return isOpenAi || neutral === 'openai' ? 'openai' : 'anthropic-beta'
}

/** Only a client that says the beta's name is held to its rule that a skill with versions cannot be deleted. */
export function deletesWithVersions(exchange: Exchange): boolean {
  return !(exchange.header('anthropic-beta') ?? '').includes(betaName)
}

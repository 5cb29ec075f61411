import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'
import type { A2aPlane } from '../a2a-plane.ts'
import { A2aError } from '../protocol/a2a-error.ts'
import type { AgentCall } from '../relay/agent-call.ts'
import { rewriteCard } from './rewrite-card.ts'

/** The card an agent shows to those it knows, rewritten like its public one. Errors: -32007 when it has none. */
export async function rewriteExtendedCard(plane: A2aPlane, call: AgentCall): Promise<JsonRecord> {
  const { agent, exchange, version } = call
  const card = await plane.cards.find(agent)
  const isExtended =
    card?.['supportsAuthenticatedExtendedCard'] === true ||
    readRecord(card?.['capabilities'])?.['extendedAgentCard'] === true
  if (!isExtended)
    throw new A2aError('EXTENDED_AGENT_CARD_NOT_CONFIGURED', 'This agent has no extended card.')
  const { result } = await plane.relay.call({ ...call, params: {} })
  const { url, isPublic } = plane.base(exchange)
  const frame = { url: `${url}/a2a/${encodeURIComponent(agent.name)}`, isPublic }
  return plane.signCard(rewriteCard(agent, result, frame, version), url)
}

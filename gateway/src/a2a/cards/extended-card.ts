import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'
import type { A2aPlane } from '../a2a-plane.ts'
import { A2aError } from '../protocol/a2a-error.ts'
import type { AgentCall } from '../relay/agent-call.ts'
import { frameOf, rewriteCard } from './rewrite-card.ts'

/** The card an agent shows to those it knows, rewritten like its public one. Errors: -32007 when it has none. */
export async function rewriteExtendedCard(plane: A2aPlane, call: AgentCall): Promise<JsonRecord> {
  const { agent, exchange, version } = call
  const own = await plane.cards.find(agent)
  const isExtended =
    own?.['supportsAuthenticatedExtendedCard'] === true ||
    readRecord(own?.['capabilities'])?.['extendedAgentCard'] === true
  if (!isExtended)
    throw new A2aError('EXTENDED_AGENT_CARD_NOT_CONFIGURED', 'This agent has no extended card.')
  const { result } = await plane.relay.call({ ...call, params: {} })
  const card = rewriteCard(agent, result, frameOf(plane, exchange, agent), version)
  return plane.signCard(card, plane.base(exchange).url)
}

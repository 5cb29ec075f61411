import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'
import { findSuspiciousText } from '../../json/find-suspicious-text.ts'
import type { A2aPlane } from '../a2a-plane.ts'
import type { RemoteAgent } from '../agents/remote-agent.ts'
import { A2aError } from '../protocol/a2a-error.ts'
import { cardKeysOf } from './verify-card.ts'

/** What an agent's server says of it right now, for who registers it. Never rejects. */
export async function inspectCard(
  { cards }: Pick<A2aPlane, 'cards'>,
  agent: RemoteAgent,
): Promise<JsonRecord> {
  const card = await cards.refresh(agent)
  const findings: string[] = []
  if (card === null)
    findings.push(
      cardKeysOf(agent) === null
        ? 'No card was found: it is made of the registration.'
        : 'No card was found that is signed by one of the card_keys: the agent cannot be called.',
    )
  for (const finding of card === null ? [] : findSuspiciousText(card))
    findings.push(`The card has ${finding}.`)
  const endpoint = await cards.endpoint(agent).catch((error: unknown) => {
    if (error instanceof A2aError) return null
    throw error
  })
  if (endpoint?.isGuess === true) findings.push('Its version is not known; the first call will tell.')
  if (readRecord(card?.['capabilities'])?.['streaming'] === false) findings.push('It does not stream.')
  return { has_card: card !== null, protocol_version: endpoint?.version ?? null, findings }
}

import type { JsonRecord } from '../../conversation/json-value.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Caller } from '../../identity/caller.ts'
import { version } from '../../version.ts'
import type { A2aPlane } from '../a2a-plane.ts'
import { listUsableAgents } from '../agents/agent-access.ts'
import type { RemoteAgent } from '../agents/remote-agent.ts'
import { type CardForm, rewriteCard } from './rewrite-card.ts'

/** The card of the gateway: its agents as skills, the public ones, or all that a caller with a key may use. */
export function gatewayCard(
  plane: A2aPlane,
  exchange: Exchange,
  caller: Caller | null,
  form: CardForm,
): JsonRecord {
  const { directory } = plane
  const visible =
    caller === null
      ? directory.list().filter(({ isPublic, isEnabled }) => isPublic && isEnabled)
      : listUsableAgents(directory, caller.objects)
  const { url, isPublic } = plane.base(exchange)
  const own = {
    description: 'A gateway to agents. Call each of them at its own address, <url>/<agent>.',
    version,
    provider: { organization: 'RouteIQ', url },
    capabilities: { streaming: true, pushNotifications: true },
    skills: visible.map(describeSkill),
  }
  const gateway = { name: 'RouteIQ', description: '', capabilities: [], cardParams: {} }
  return rewriteCard(gateway, own, { url: `${url}/a2a`, isPublic, hasRest: false }, form)
}

function describeSkill({ name, description, capabilities }: RemoteAgent): JsonRecord {
  return { id: name, name, description, tags: capabilities }
}

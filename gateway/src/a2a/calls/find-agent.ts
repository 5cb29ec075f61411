import type { Caller } from '../../identity/caller.ts'
import type { A2aPlane } from '../a2a-plane.ts'
import { findUsableAgent } from '../agents/agent-access.ts'
import type { RemoteAgent } from '../agents/remote-agent.ts'
import { A2aError } from '../protocol/a2a-error.ts'

/** The agent a call is for. Errors: AGENT_NOT_FOUND, also for one the caller may not see. */
export function findAgent(
  { directory }: Pick<A2aPlane, 'directory'>,
  id: string,
  caller: Caller,
): RemoteAgent {
  const agent = findUsableAgent(directory, id, caller.objects)
  if (agent !== null) return agent
  throw new A2aError('AGENT_NOT_FOUND', `Agent not found: ${id.slice(0, 128)}`)
}

import { agentSchema, toRegistration } from '../a2a/agents/agent-schema.ts'
import { deriveAgentId, type RemoteAgent } from '../a2a/agents/remote-agent.ts'
import type { A2aConfig } from '../config/config.ts'

/** Agents of the configuration, made once for each configuration. `onLeftOut` hears of entries that cannot be used. */
export function configuredAgents(
  settings: () => A2aConfig,
  onLeftOut: (agentName: string, reason: string) => void,
): () => readonly RemoteAgent[] {
  let from: A2aConfig['agents'] | null = null
  let agents: readonly RemoteAgent[] = []
  return () => {
    const { agents: written } = settings()
    if (written !== from) {
      from = written
      agents = written.flatMap((entry) => toConfigured(entry, onLeftOut))
    }
    return agents
  }
}

function toConfigured(
  entry: Readonly<Record<string, unknown>>,
  onLeftOut: (agentName: string, reason: string) => void,
): RemoteAgent[] {
  const parsed = agentSchema.safeParse(entry)
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    onLeftOut(String(entry['agent_name']), problems.join('; '))
    return []
  }
  const registration = toRegistration(parsed.data)
  const agentId = deriveAgentId(registration)
  const stamps = { createdBy: null, updatedBy: null, createdAt: 0, updatedAt: 0 }
  return [{ ...registration, agentId, origin: 'configuration', ...stamps }]
}

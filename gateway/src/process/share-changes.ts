import { randomUUID } from 'node:crypto'
import type { AgentDirectory } from '../a2a/agents/agent-directory.ts'
import type { Cooldown } from '../balancing/deployment-state.ts'
import type { DeploymentStates, SharedUsage } from '../balancing/deployment-states.ts'
import { HeldDeployments, type HeldDeploymentsOptions } from '../balancing/held-deployments.ts'
import type { SubjectCache } from '../governance/subject-cache.ts'
import type { Authenticator, ChangedSubject } from '../identity/authenticator.ts'
import type { ManagedModels } from '../managed-models/managed-models.ts'
import type { RoutingSettings } from '../model-routing/settings/routing-settings.ts'
import type { Quotas } from '../quotas/quotas.ts'
import type { SharedRate } from '../quotas/route-rates.ts'
import type { SharedState } from '../storage/shared-state/shared-state.ts'

const cooldownChannel = 'routeiq:cooldown'
const usageChannel = 'routeiq:usage'
const usageIntervalMs = 100
const conversationChannel = 'routeiq:conversations'
const keyChannel = 'routeiq:keys'
const subjectChannel = 'routeiq:subjects'
const skillChannel = 'routeiq:skills'
const quotaChannel = 'routeiq:quotas'
const agentChannel = 'routeiq:a2a-agents'
const agentIntervalMs = 5_000
const rateChannel = 'routeiq:route-rates'
const toolServerChannel = 'routeiq:mcp'
const managedModelChannel = 'routeiq:managed-models'
const routingSettingsChannel = 'routeiq:routing-settings'
const storedIntervalMs = 5_000

/** Which deployment conversations were on, told to all processes that share more than a database. */
export async function shareConversations(
  state: SharedState,
  limits: HeldDeploymentsOptions['limits'],
  isShared: boolean,
): Promise<HeldDeployments> {
  const origin = randomUUID()
  const held = new HeldDeployments({
    limits,
    announce: isShared
      ? (...notice) =>
          void state.publish(conversationChannel, JSON.stringify({ origin, notice })).catch(() => {})
      : null,
  })
  if (isShared)
    await state.subscribe(conversationChannel, (message) => {
      const said = JSON.parse(message) as { origin: string; notice: Parameters<HeldDeployments['adopt']> }
      if (said.origin !== origin) held.adopt(...said.notice)
    })
  return held
}

/**
 * Reads the agents, and again whenever one is changed anywhere; gateways that share nothing but the database look every
 * few seconds. What announces a change resolves when this process has read it.
 */
export async function shareAgentChanges(
  state: SharedState,
  directory: AgentDirectory,
  onChange: (agentId: string) => void,
): Promise<{ announce(agentId: string): Promise<void>; stop(): void }> {
  const origin = randomUUID()
  await directory.refresh()
  await state.subscribe(agentChannel, (message) => {
    const notice = JSON.parse(message) as { origin: string; agentId: string }
    if (notice.origin !== origin)
      void directory.refreshAgent(notice.agentId).then(() => onChange(notice.agentId), ignore)
  })
  const timer = setInterval(() => void directory.follow().catch(ignore), agentIntervalMs)
  timer.unref()
  return {
    announce: async (agentId) => {
      await directory.refreshAgent(agentId)
      onChange(agentId)
      await state.publish(agentChannel, JSON.stringify({ origin, agentId }))
    },
    stop: () => clearInterval(timer),
  }
}

/** The next look finds it again. */
const ignore = (): void => {}

interface CooldownNotice {
  readonly origin: string
  readonly cooldown?: Cooldown
  readonly recovered?: string
  readonly reset?: true
}

/** Ends the cooldowns of all replicas. */
export async function resetCooldowns(state: Pick<SharedState, 'publish'>): Promise<void> {
  await state.publish(cooldownChannel, JSON.stringify({ origin: randomUUID(), reset: true }))
}

/** Cooldowns started or ended here reach every worker and replica, and theirs are applied here. */
export async function shareCooldowns(state: SharedState, states: DeploymentStates): Promise<void> {
  const origin = randomUUID()
  states.onCooldown((cooldown) => {
    void state.publish(cooldownChannel, JSON.stringify({ origin, cooldown }))
  })
  states.onRecovery((recovered) => {
    void state.publish(cooldownChannel, JSON.stringify({ origin, recovered }))
  })
  await state.subscribe(cooldownChannel, (message) => {
    const notice = JSON.parse(message) as CooldownNotice
    if (notice.origin === origin) return
    if (notice.reset === true) states.applyReset()
    if (notice.cooldown !== undefined) states.applyCooldown(notice.cooldown)
    if (notice.recovered !== undefined) states.applyRecovery(notice.recovered)
  })
}

/**
 * What the deployments with a limit served here in the last tenth of a second is told to every worker and replica,
 * and theirs is added here, so that `rpm` and `tpm` hold for all of them together but for what happens in between.
 */
export async function shareUsage(
  state: SharedState,
  states: DeploymentStates,
  now: () => number,
): Promise<void> {
  const origin = randomUUID()
  setInterval(() => {
    const usage = states.takeUnsharedUsage(now())
    if (usage.length > 0) void state.publish(usageChannel, JSON.stringify({ origin, usage }))
  }, usageIntervalMs).unref()
  await state.subscribe(usageChannel, (message) => {
    const notice = JSON.parse(message) as { origin: string; usage: SharedUsage[] }
    if (notice.origin !== origin) states.addForeignUsage(now(), notice.usage)
  })
}

/** Returns what announces changed keys; every process, this one at once, then drops what it has cached. */
export async function shareKeyChanges(
  state: SharedState,
  authenticator: Authenticator,
): Promise<(tokenHashes: readonly string[]) => void> {
  await state.subscribe(keyChannel, (message) => authenticator.forget(JSON.parse(message) as string[]))
  return (tokenHashes) => {
    authenticator.forget(tokenHashes)
    void state.publish(keyChannel, JSON.stringify(tokenHashes))
  }
}

/**
 * Returns what announces changed users, teams, customers and the like; every process, this one at once, then reads them
 * again when it needs them.
 */
export async function shareSubjectChanges(
  state: SharedState,
  authenticator: Authenticator,
  subjects: Pick<SubjectCache, 'forget' | 'refresh'>,
): Promise<(changed: readonly ChangedSubject[]) => void> {
  const forget = (changed: readonly ChangedSubject[]): void => {
    authenticator.forgetSubjects(changed)
    subjects.forget(changed)
  }
  await subjects.refresh()
  await state.subscribe(subjectChannel, (message) => forget(JSON.parse(message) as ChangedSubject[]))
  return (changed) => {
    forget(changed)
    void state.publish(subjectChannel, JSON.stringify(changed))
  }
}

/** Tells this process which workspaces have changed skills. */
export async function hearSkillChanges(
  state: SharedState,
  onChange: (workspaceId: string) => void,
): Promise<void> {
  await state.subscribe(skillChannel, onChange)
}

/** What the skill store calls when a workspace has changed; best effort, since replicas also look for themselves. */
export function announceSkillChanges(state: SharedState): (workspaceId: string) => void {
  return (workspaceId) => void state.publish(skillChannel, workspaceId).catch(() => {})
}

/**
 * Reads the quotas, and again whenever they are changed anywhere. Returns what announces a change; it resolves when this
 * process has read it. What is counted of calls a minute goes round like usage.
 */
export async function shareQuotas(
  state: SharedState,
  quotas: Quotas,
  now: () => number,
): Promise<() => Promise<void>> {
  const origin = randomUUID()
  await quotas.refresh()
  await state.subscribe(quotaChannel, (sender) => {
    if (sender !== origin) quotas.refresh().catch(() => {})
  })
  setInterval(() => {
    const rates = quotas.rates.takeUnshared(now())
    if (rates.length > 0) void state.publish(rateChannel, JSON.stringify({ origin, rates }))
  }, usageIntervalMs).unref()
  await state.subscribe(rateChannel, (message) => {
    const notice = JSON.parse(message) as { origin: string; rates: SharedRate[] }
    if (notice.origin !== origin) quotas.rates.addForeign(notice.rates, now())
  })
  return async () => {
    await quotas.refresh()
    await state.publish(quotaChannel, origin)
  }
}

/** Tells this process that the tool servers have changed; best effort, since everybody also looks for themselves. */
export async function hearToolServers(state: SharedState, onChange: () => void): Promise<void> {
  await state.subscribe(toolServerChannel, onChange)
}

/** What is called when this process has changed the tool servers. */
export function announceToolServers(state: SharedState, isShared: () => boolean): () => void {
  return () => {
    if (isShared()) void state.publish(toolServerChannel, '').catch(() => {})
  }
}

interface Following {
  announce(): void
  stop(): void
}

/** Reads the managed models again whenever they are changed anywhere. */
export function followManagedModels(state: SharedState, models: ManagedModels): Promise<Following> {
  return followStored(state, managedModelChannel, () => models.refresh())
}

/** Reads what admins set of routing again whenever it is changed anywhere. */
export function followRoutingSettings(state: SharedState, settings: RoutingSettings): Promise<Following> {
  return followStored(state, routingSettingsChannel, () => settings.refresh())
}

/** Hears of changes; gateways that share nothing but the database look every few seconds. */
async function followStored(
  state: SharedState,
  channel: string,
  read: () => Promise<void>,
): Promise<Following> {
  const refresh = (): void => void read().catch(ignore)
  await state.subscribe(channel, refresh)
  const timer = setInterval(refresh, storedIntervalMs)
  timer.unref()
  return {
    announce: () => void state.publish(channel, '').catch(ignore),
    stop: () => clearInterval(timer),
  }
}

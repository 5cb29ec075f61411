import { randomBytes, randomUUID } from 'node:crypto'
import type { PluginInvocation } from '@routeiq/contract'
import type { A2aPlane } from '../a2a/a2a-plane.ts'
import type { A2aRoutesDependencies } from '../a2a/a2a-routes.ts'
import { AgentDirectory } from '../a2a/agents/agent-directory.ts'
import { sealAgents } from '../a2a/agents/agent-secrets.ts'
import { forgetRemoved } from '../a2a/agents/register-agent.ts'
import type { RemoteAgent } from '../a2a/agents/remote-agent.ts'
import { AgentCards, type AgentNetwork } from '../a2a/cards/agent-cards.ts'
import { CardSigner } from '../a2a/cards/card-signer.ts'
import { AgentLimits } from '../a2a/limits/agent-limits.ts'
import { AgentTransport, type ModelCaller } from '../a2a/models/agent-transport.ts'
import { ModelSessions } from '../a2a/models/model-sessions.ts'
import { A2aError } from '../a2a/protocol/a2a-error.ts'
import { PushDelivery } from '../a2a/push/push-delivery.ts'
import { PushTargets } from '../a2a/push/push-targets.ts'
import type { AgentCall } from '../a2a/relay/agent-call.ts'
import { AgentRelay } from '../a2a/relay/agent-relay.ts'
import { OpenStreams } from '../a2a/relay/open-streams.ts'
import { isMessage, priceOf, settleCall } from '../a2a/settle-call.ts'
import { TaskLedger, type TaskLedgerOptions } from '../a2a/tasks/task-ledger.ts'
import { traceCall } from '../a2a/trace-call.ts'
import { type AuditEvent, gatewayActor } from '../audit/audit-record.ts'
import { describeActor } from '../audit/describe-actor.ts'
import type { A2aConfig, GatewayConfig } from '../config/config.ts'
import { zeroUsage } from '../conversation/usage.ts'
import type { Reservation } from '../governance/held-call.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Gateway } from '../pipeline/gateway.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import { refuseOperatorHost } from '../transport/egress/operator-egress.ts'
import { UserEgress } from '../transport/egress/user-egress.ts'
import { postBytes } from '../transport/post-bytes.ts'
import type { Transport } from '../transport/transport.ts'
import { AgentActivity } from './agent-activity.ts'
import { configuredAgents } from './configured-agents.ts'
import type { Hub } from './hub.ts'
import { createUserTransport } from './network-transport.ts'
import { shareAgentChanges } from './share-changes.ts'
import type { Telemetry } from './telemetry.ts'

const drainingMessage = 'The gateway is shutting down; ask for the task again.'

export interface A2aOptions {
  readonly hub: Hub
  readonly gateway: Gateway
  readonly telemetry: Telemetry
  readonly config: () => GatewayConfig
  /** What keys are derived from. */
  readonly secret: string | Buffer
  readonly keyRing: KeyRing
  readonly now: () => number
}

export interface OpenA2a extends A2aRoutesDependencies {
  /** The way of one request that asks an agent like a model. */
  agentTransport(from: ModelCaller): Transport
  /** Ends the streams that are left with an event that says so. */
  interrupt(): void
  close(): Promise<void>
}

/** Composes what is needed to reach agents: their registry is read, and read again whenever it changes anywhere. */
export async function openA2a({
  hub,
  gateway,
  telemetry,
  config,
  secret,
  keyRing,
  now,
}: A2aOptions): Promise<OpenA2a> {
  const { audit } = gateway.identity
  const onError = (error: unknown): void =>
    telemetry.logger.log('warn', 'a2a_not_stored', { reason: error instanceof Error ? error.message : null })
  const settings = (): A2aConfig => config().a2a
  const egress = new UserEgress(config().userEgress)
  const userTransport = createUserTransport(egress)
  const store = hub.a2a
  const agents = sealAgents(store, keyRing)
  const onLeftOut = (agentName: string, reason: string): void =>
    telemetry.logger.log('warn', 'a2a_agent_left_out', { agent_name: agentName, reason })
  const directory = new AgentDirectory({ store: agents, configured: configuredAgents(settings, onLeftOut) })
  const networkOf = ({ origin }: RemoteAgent): AgentNetwork =>
    origin === 'configuration'
      ? { transport: gateway.transport, refuseHost: refuseOperatorHost }
      : { transport: userTransport, refuseHost: egress.refuseHost }
  const cards = new AgentCards({
    ...{ networkOf, now },
    arePinned: () => settings().pinsCards,
    onChanged: ({ agentId }, quarantined) =>
      audit.record({
        ...{ requestId: null, actor: gatewayActor, action: 'a2a.card.change' },
        ...{ resourceType: 'agent', resourceId: agentId, outcome: quarantined ? 'denied' : 'success' },
        metadata: { quarantined },
      }),
    onSuspicious: ({ agentId, name }, findings) =>
      telemetry.logger.log('warn', 'a2a_card_suspicious', {
        agent_id: agentId,
        agent_name: name,
        findings: findings.join('; '),
      }),
  })
  const onForeign: TaskLedgerOptions['onForeign'] = ({ agentId, taskId }, by) =>
    audit.record({
      ...{ requestId: null, actor: gatewayActor, action: 'a2a.task.foreign' },
      ...{ resourceType: 'agent', resourceId: agentId, outcome: 'denied' },
      metadata: { task_id: taskId, by },
    })
  const tasks = new TaskLedger({ store, settings, onError, onForeign, now })
  const { agents: metrics } = telemetry.metrics
  const streams = new OpenStreams((open) => {
    metrics.openStreams.value = open
  })
  const translations = {
    up: { direction: 'up', onDropped: metrics.countDropped.up },
    down: { direction: 'down', onDropped: metrics.countDropped.down },
  } as const
  const base = (exchange: Exchange) => baseOf(config(), exchange)
  const seal = (text: string): string =>
    gateway.blobs.seal({ form: 'agent', family: '', account: '', payload: text })
  const open = (sealed: string): string | null => gateway.blobs.open(sealed)?.payload ?? null
  const push = new PushTargets({
    ...{ store, cards, egress, base, keyRing, newId: randomUUID },
    newToken: () => randomBytes(32).toString('base64url'),
  })
  const activity = new AgentActivity(store, onError, now)
  const delivery = new PushDelivery({
    post: (url, headers, body) => postBytes(userTransport, url, headers, body),
    onDelivered: () => metrics.countPush('delivered'),
    onDropped: (agentId, reason) => {
      metrics.countPush('dropped')
      telemetry.logger.log('warn', 'a2a_push_dropped', { agent_id: agentId, reason })
    },
  })
  const sharing = await shareAgentChanges(hub.state, directory, (agentId) =>
    forgetRemoved({ directory, cards, tasks, streams }, agentId),
  )
  const limits = new AgentLimits({ state: hub.state, settings, now })
  const sessions = new ModelSessions(hub.state, () => settings().taskTtlMs)
  const signer = new CardSigner(secret)
  const reservations = new WeakMap<Exchange, Reservation>()
  const relay = new AgentRelay({ cards, tasks, networkOf, settings, translations, newId: randomUUID })
  const plane: A2aPlane = {
    ...{
      settings,
      agents,
      store,
      directory,
      cards,
      relay,
      tasks,
      push,
      streams,
      sessions,
      translations,
      egress,
      base,
      now,
    },
    identity: gateway.identity,
    cardKeys: signer.keySet,
    signCard: (card, root) =>
      mayVouchFor(config(), root) ? signer.sign(card, `${root}/.well-known/a2a-jwks.json`) : card,
    sealPage: seal,
    openPage: open,
    admit: async (call) => {
      audit.admitCall()
      await limits.admit(call)
      const reservation = call.isModelCall ? null : await reserve(gateway, call)
      if (reservation !== null) reservations.set(call.exchange, reservation)
    },
    settle: (call, error) => {
      if (settings().tracesCalls) traceCall(call, error)
      if (!call.isModelCall) settleCall(gateway, call, error)
      const costPico = priceOf(call, error)
      const { inputTokens, outputTokens } = call.report.usage ?? zeroUsage
      const use = error === null ? { inputTokens, outputTokens, costPico } : null
      reservations.get(call.exchange)?.settle(use)
      if (isMessage(call)) void limits.settle(call, costPico).catch(onError)
      if (isMessage(call)) audit.record(describeCall(call, error))
      if (call.operation === 'send' && config().plugins.evaluates)
        gateway.identity.plugins?.evaluate('evaluateA2aResult', () => describeInvocation(call, error, now()))
      const durationMs = now() - call.exchange.receivedAt
      activity.count(call.agent.agentId, error === null, durationMs, costPico)
      const outcome = error === null ? 'success' : error.reason.toLowerCase()
      const { firstEventAt } = call.report
      const firstEventMs =
        call.operation === 'stream' && firstEventAt !== null ? firstEventAt - call.exchange.startedAt : null
      metrics.observeCall({ agent: call.agent.name, outcome, durationMs, firstEventMs })
    },
    onAgentsChanged: sharing.announce,
    audit: (action, { exchange, caller }, agentId) =>
      audit.record({
        ...{ requestId: exchange.requestId, actor: describeActor(caller), action },
        ...{ resourceType: 'agent', resourceId: agentId, outcome: 'success' },
      }),
  }
  return {
    plane,
    delivery,
    agentTransport: (from) => new AgentTransport(plane, from),
    interrupt: () => streams.interruptAll(new A2aError('AGENT_UNAVAILABLE', drainingMessage)),
    close: async () => {
      sharing.stop()
      await Promise.all([tasks.close(), activity.close()])
      await userTransport.close()
    },
  }
}

/** A message to an agent as plugins judge it. */
function describeInvocation(
  { agent, exchange, params, report }: AgentCall,
  error: A2aError | null,
  now: number,
): PluginInvocation {
  return {
    ...{ requestId: exchange.requestId, serverId: agent.agentId, name: agent.name },
    ...{ input: params, result: report.result, outcome: error?.reason.toLowerCase() ?? 'success' },
    durationMs: now - exchange.receivedAt,
  }
}

function describeCall({ exchange, caller, agent, operation }: AgentCall, error: A2aError | null): AuditEvent {
  return {
    ...{ requestId: exchange.requestId, actor: describeActor(caller), action: 'a2a.agent.call' },
    ...{ resourceType: 'agent', resourceId: agent.agentId, outcome: error === null ? 'success' : 'error' },
    outcomeReason: error?.reason.toLowerCase() ?? null,
    metadata: { operation },
  }
}

function baseOf(config: GatewayConfig, exchange: Exchange): { url: string; isPublic: boolean } {
  const configured = configuredBase(config)
  if (configured !== null) return { url: configured, isPublic: true }
  const { server } = config
  const scheme = server.tls === null ? 'http' : 'https'
  const asked = exchange.header('host') ?? ''
  const host = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(asked)
    ? asked
    : `${server.host}:${server.port}`
  return { url: `${scheme}://${host}${server.rootPath}`, isPublic: false }
}

function configuredBase({ a2a, server }: GatewayConfig): string | null {
  return a2a.baseUrl ?? server.publicUrl?.replace(/\/+$/, '') ?? null
}

/** Whoever asks names the host of an address that is not configured; the gateway signs no address of others. */
function mayVouchFor(config: GatewayConfig, base: string): boolean {
  return configuredBase(config) !== null || loopback.has(new URL(base).hostname)
}

const loopback = new Set(['127.0.0.1', '[::1]', 'localhost'])

/** Messages count like other calls of their key; of what they cost nothing is known before. */
async function reserve(
  { governor }: Gateway,
  { agent, caller, bytes }: AgentCall,
): Promise<Reservation | null> {
  const name = `a2a/${agent.name}`
  return governor.admit({
    caller,
    requestedModel: name,
    group: { name, deployments: [], priceLists: [] },
    operation: 'moderation',
    bytes,
    body: {},
    endUser: null,
    tags: [],
    route: null,
    address: null,
  })
}

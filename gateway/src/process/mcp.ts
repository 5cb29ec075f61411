import type { PluginInvocation } from '@routeiq/contract'
import type { AuditEvent } from '../audit/audit-record.ts'
import type { AuditTrail } from '../audit/audit-trail.ts'
import { describeActor, describeKeyActor } from '../audit/describe-actor.ts'
import type { GatewayConfig } from '../config/config.ts'
import type { Caller } from '../identity/caller.ts'
import { digestKey } from '../identity/key-digest.ts'
import type { FindAgentPermission } from '../identity/object-grants.ts'
import type { AuditEvent as ToolEvent } from '../mcp/audit.ts'
import { priceOf, type ToolAdmission, type ToolCall } from '../mcp/call/tool-call.ts'
import { traceToolCall } from '../mcp/call/trace-call.ts'
import { McpPlane } from '../mcp/mcp-plane.ts'
import type { SiblingProcesses } from '../mcp/native/siblings.ts'
import type { ShortLived } from '../mcp/oauth/one-time-values.ts'
import { accountName, settleToolCall } from '../mcp/settle-tool-call.ts'
import type { ViewItem } from '../mcp/view/catalogue-view.ts'
import type { Gateway } from '../pipeline/gateway.ts'
import type { PluginHost } from '../plugins/plugin-host.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import { type SkillReading, SkillResources } from '../skills/mcp/skill-resources.ts'
import type { SharedState } from '../storage/shared-state/shared-state.ts'
import { UserEgress } from '../transport/egress/user-egress.ts'
import { configuredSecret } from './compose-gateway.ts'
import type { Evidence } from './evidence.ts'
import type { Hub } from './hub.ts'
import { inspectProgramHost } from './inspect-program-host.ts'
import { createNetworkTransport, createUserTransport } from './network-transport.ts'
import { readUserFile } from './read-user-file.ts'
import { recordTrace } from './record-trace.ts'
import { announceToolServers, hearSkillChanges, hearToolServers } from './share-changes.ts'
import type { Telemetry } from './telemetry.ts'

/** Every legacy session at a server holds a stream open beside its calls. */
const maxConnectionsPerOrigin = 4_096

/** Where calls of tools are held to limits and accounted for. */
type ToolBooks = Pick<Gateway, 'governor' | 'recordRequest' | 'appendSpend'>

export interface McpParts {
  readonly hub: Hub
  readonly keyRing: KeyRing
  readonly evidence: Evidence
  /** The model gateway, which is put together later. */
  readonly books: () => ToolBooks
  readonly config: () => GatewayConfig
  readonly telemetry: Telemetry
  readonly siblings: SiblingProcesses | null
  readonly findAgentPermission: FindAgentPermission
  readonly audit: AuditTrail
  /** Null where no plugin runs. */
  readonly plugins: PluginHost | null
  readonly now: () => number
  readonly random: () => number
}

/** The gateway for tool servers. Its code is loaded when it is on. */
export async function openMcp(parts: McpParts): Promise<McpPlane> {
  const { hub, keyRing, config, telemetry, audit, findAgentPermission, now, random } = parts
  const record = (event: ToolEvent): void => {
    if (event.action === 'mcp.tool.quarantine') telemetry.metrics.mcp.countQuarantine(event.serverId)
    audit.record(describeEvent(event, isAdminKey(config().identity, event.actor)))
  }
  const plane = new McpPlane({
    config,
    open: async () => {
      const { McpGateway } = await import('../mcp/mcp-gateway.ts')
      const { identity, userEgress } = config()
      const gateway = new McpGateway({
        config,
        store: hub.mcp,
        submissions: hub.mcpSubmissions,
        skills: new SkillResources(
          hub.skills,
          (reading) => void recordTrace(parts, reading.workspaceId, describeReading(reading, now())),
        ),
        accounts: hub.mcpAccounts,
        shared: shortLived(hub.state),
        siblings: parts.siblings,
        keyRing,
        secret: configuredSecret(identity),
        transports: {
          operator: createNetworkTransport(config().egressProxy, { maxConnectionsPerOrigin }),
          user: createUserTransport(new UserEgress(userEgress), { maxConnectionsPerOrigin }),
        },
        readFile: readUserFile,
        programHost: inspectProgramHost(),
        announce: announceToolServers(hub.state, () => config().mcp.sharesChanges),
        log: (level, event, fields) => telemetry.logger.log(level, event, fields),
        admitTool: async (caller, tool) => {
          audit.admitCall()
          return admitTool(parts.books(), caller, tool)
        },
        settleTool: (call) => {
          settleToolCall(parts.books(), call)
          if (config().mcp.tracesCalls) traceToolCall(call)
          const { outcome, startedAt, endedAt } = call
          const { serverId } = call.tool.server.settings
          telemetry.metrics.mcp.observeCall({ server: serverId, outcome, durationMs: endedAt - startedAt })
          audit.record(describeCall(call))
          if (config().plugins.evaluates)
            parts.plugins?.evaluate('evaluateMcpResult', () => describeInvocation(call))
        },
        audit: record,
        metrics: telemetry.metrics.mcp,
        findAgentPermission,
        now,
        random,
      })
      await gateway.start()
      return gateway
    },
  })
  await hearToolServers(hub.state, () => {
    if (config().mcp.sharesChanges) plane.hear()
  })
  await hearSkillChanges(hub.state, (workspaceId) => plane.hearSkillChange(workspaceId))
  // Tools are there for the first request; a database that is away is tried again with the next one.
  if (config().mcp.enabled) await plane.requireGateway().catch(() => {})
  return plane
}

/** A call of a tool as plugins judge it. */
function describeInvocation(call: ToolCall): PluginInvocation {
  const { tool, origin, input, result, outcome, startedAt, endedAt } = call
  return {
    ...{ requestId: origin.requestId, serverId: tool.server.settings.serverId, name: tool.name },
    ...{ input, result, outcome, durationMs: endedAt - startedAt },
  }
}

/** Tools that cost something are held to the budgets of their caller, like models. Errors: 429 `budget_exceeded`. */
async function admitTool(
  { governor }: ToolBooks,
  caller: Caller,
  tool: ViewItem,
): Promise<ToolAdmission | null> {
  if (priceOf(tool) === null) return null
  const name = accountName(tool)
  const reservation = await governor.admit({
    ...{
      caller,
      requestedModel: name,
      group: { name, deployments: [], priceLists: [] },
      operation: 'moderation',
    },
    ...{ bytes: 0, body: {}, endUser: null, tags: [], route: null, address: null },
  })
  return {
    settle: (costPico) =>
      reservation?.settle(costPico === null ? null : { inputTokens: 0, outputTokens: 0, costPico }),
  }
}

function describeCall({ tool, origin, caller, outcome }: ToolCall): AuditEvent {
  return {
    ...{ requestId: origin.requestId, actor: describeActor(caller), action: 'mcp.tool.call' },
    ...{ resourceType: 'mcp_tool', resourceId: tool.server.settings.serverId },
    ...(outcome === 'success' ? { outcome } : { outcome: 'error', outcomeReason: outcome }),
    metadata: { tool_name: tool.name },
  }
}

function describeEvent(
  { action, requestId, actor, serverId, toolName, outcome, reason }: ToolEvent,
  isAdmin: boolean,
): AuditEvent {
  return {
    ...{ requestId, actor: describeKeyActor(actor, isAdmin), action, resourceId: serverId, outcome },
    resourceType: toolName === undefined ? 'mcp_server' : 'mcp_tool',
    outcomeReason: reason ?? null,
    ...(toolName !== undefined && { metadata: { tool_name: toolName } }),
  }
}

function isAdminKey({ masterKey, adminKeys }: GatewayConfig['identity'], keyHash: string | null): boolean {
  return [masterKey, ...adminKeys].some((key) => key !== null && digestKey(key) === keyHash)
}

/** A skill that was read was delivered; that its agent had loaded it, only a decision of the Skill Router says. */
function describeReading(reading: SkillReading, now: number): Readonly<Record<string, unknown>> {
  const { agentName, routingId, name, skillId, versionId, contentHash } = reading
  const at = new Date(now).toISOString()
  return {
    agent_name: agentName,
    status: 'success',
    source_type: 'gateway',
    started_at: at,
    ended_at: at,
    skills_delivered: [name],
    skills_delivered_versions: [{ name, hash: contentHash, skill_id: skillId, version_id: versionId }],
    ...(routingId !== null && { routing_id: routingId, skills_loaded_by_agent: [name] }),
  }
}

/** What signing in shares for a while: values, and who came first. */
function shortLived(state: SharedState): ShortLived {
  return {
    get: (key) => state.get(key),
    set: (key, value, ttlMs) => state.set(key, value, ttlMs),
    claim: async (key, ttlMs) =>
      (await state.increment([{ key, by: 1, ttlMs, limit: 1 }])).refusedBy === null,
  }
}

import type { GatewayConfig } from '../config/config.ts'
import { McpPlane } from '../mcp/mcp-plane.ts'
import { UserEgress } from '../transport/egress/user-egress.ts'
import type { Hub } from './hub.ts'
import { createNetworkTransport, createUserTransport } from './network-transport.ts'
import { readUserFile } from './read-user-file.ts'
import { announceToolServers, hearToolServers } from './share-changes.ts'
import type { Telemetry } from './telemetry.ts'

/** Every legacy session at a server holds a stream open beside its calls. */
const maxConnectionsPerOrigin = 4_096

export interface McpParts {
  readonly hub: Hub
  readonly config: () => GatewayConfig
  readonly telemetry: Telemetry
  readonly now: () => number
  readonly random: () => number
}

/** The gateway for tool servers. Its code is loaded when it is on. */
export async function openMcp({ hub, config, telemetry, now, random }: McpParts): Promise<McpPlane> {
  const plane = new McpPlane({
    config,
    open: async () => {
      const { McpGateway } = await import('../mcp/mcp-gateway.ts')
      const { identity, userEgress } = config()
      const gateway = new McpGateway({
        config,
        store: hub.mcp,
        secret: identity.saltKey ?? identity.masterKey,
        transports: {
          operator: createNetworkTransport({ maxConnectionsPerOrigin }),
          user: createUserTransport(new UserEgress(userEgress), { maxConnectionsPerOrigin }),
        },
        readFile: readUserFile,
        announce: announceToolServers(hub.state, () => config().mcp.sharesChanges),
        log: (level, event, fields) => telemetry.logger.log(level, event, fields),
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
  // Tools are there for the first request; a database that is away is tried again with the next one.
  if (config().mcp.enabled) await plane.requireGateway().catch(() => {})
  return plane
}

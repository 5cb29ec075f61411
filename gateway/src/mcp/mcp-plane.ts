import { GatewayError } from '@routeiq/contract'
import type { GatewayConfig } from '../config/config.ts'
import type { McpGateway } from './mcp-gateway.ts'

export interface McpPlaneOptions {
  readonly config: () => GatewayConfig
  /** Loads and starts the gateway; called once, when it is wanted. */
  readonly open: () => Promise<McpGateway>
}

/** The gateway for tool servers as routes see it: loaded when it is on, and not there when it is off. */
export class McpPlane {
  readonly config: () => GatewayConfig
  readonly #open: () => Promise<McpGateway>
  #gateway: Promise<McpGateway> | null = null

  constructor({ config, open }: McpPlaneOptions) {
    this.config = config
    this.#open = open
  }

  /** Errors: 404 `mcp_gateway_disabled`, 503 `storage_unavailable` while the registry cannot be read. */
  requireGateway(): Promise<McpGateway> {
    if (!this.config().mcp.enabled) throw mcpDisabled()
    this.#gateway ??= this.#open().catch((error: unknown) => {
      this.#gateway = null
      throw error
    })
    return this.#gateway
  }

  /** The configuration was read again. */
  refresh(): void {
    if (this.config().mcp.enabled)
      void this.requireGateway().then(
        (gateway) => gateway.refresh(),
        () => {},
      )
  }

  /** Another process has changed the registry. */
  hear(): void {
    void this.#gateway?.then(
      (gateway) => gateway.refresh(),
      () => {},
    )
  }

  /** The skills of a workspace have changed, here or in another process. */
  hearSkillChange(workspaceId: string): void {
    void this.#gateway?.then(
      ({ endpoint }) => endpoint.tellSkillsChanged(workspaceId),
      () => {},
    )
  }

  /** No more streams without an end. */
  endStreams(): void {
    void this.#gateway?.then(
      ({ endpoint }) => endpoint.endStreams(),
      () => {},
    )
  }

  async close(): Promise<void> {
    await this.#gateway?.then(
      (gateway) => gateway.close(),
      () => {},
    )
  }
}

export function mcpDisabled(): GatewayError {
  return new GatewayError(
    'mcp_gateway_disabled',
    'The gateway for tool servers is off. Set MCP_GATEWAY_ENABLED=true, or list mcp_servers in the file.',
  )
}

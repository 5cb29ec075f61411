import type { McpConfig } from '../../config/config.ts'
import type { McpRegistry } from './mcp-registry.ts'

export interface RegistryFollowerOptions {
  readonly registry: McpRegistry
  readonly config: () => McpConfig
  readonly onUnread: (reason: string) => void
}

/** Keeps a registry up to date: when it is told of a change, and every few seconds for what it was not told of. */
export class RegistryFollower {
  readonly #options: RegistryFollowerOptions
  #timer: NodeJS.Timeout | null = null
  #isStopped = false

  constructor(options: RegistryFollowerOptions) {
    this.#options = options
  }

  /** Reads the registry and follows it from now on. Errors: rejects when the store cannot be read. */
  async start(): Promise<void> {
    await this.#options.registry.refresh()
    this.#lookLater()
  }

  /** The configuration or the store has changed. */
  look(): Promise<void> {
    const { registry, onUnread } = this.#options
    return registry
      .refresh()
      .catch((error: unknown) => onUnread(error instanceof Error ? error.message : String(error)))
  }

  stop(): void {
    this.#isStopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #lookLater(): void {
    const { syncIntervalMs, sharesChanges } = this.#options.config()
    this.#timer = setTimeout(() => {
      const looking = sharesChanges ? this.look() : Promise.resolve()
      void looking.finally(() => {
        if (!this.#isStopped) this.#lookLater()
      })
    }, syncIntervalMs).unref()
  }
}

import { within } from '../../within.ts'

/** The part of shared state that is needed. */
export interface SharedHomes {
  get(key: string): Promise<string | null>
  set(key: string, value: string, ttlMs: number): Promise<void>
}

/** Longer than vendors keep containers. */
const lifetimeMs = 24 * 3_600_000
const maxKnown = 10_000
const lookupTimeoutMs = 50

/** Which deployment made a container: it is in that account and nowhere else. Never rejects. */
export class ContainerHomes {
  readonly #shared: SharedHomes
  readonly #known = new Map<string, string>()

  constructor(shared: SharedHomes) {
    this.#shared = shared
  }

  remember(containerId: string, deploymentId: string): void {
    if (this.#known.get(containerId) === deploymentId) return
    this.#keep(containerId, deploymentId)
    this.#shared.set(keyOf(containerId), deploymentId, lifetimeMs).catch(() => {})
  }

  /** The deployment's id; null when nobody knows. */
  async find(containerId: string): Promise<string | null> {
    const known = this.#known.get(containerId)
    if (known !== undefined) return known
    const asked = this.#shared.get(keyOf(containerId)).catch(() => null)
    const found = await within(lookupTimeoutMs, asked)
    if (found === null || found === 'timeout') return null
    this.#keep(containerId, found)
    return found
  }

  /** The oldest makes room. */
  #keep(containerId: string, deploymentId: string): void {
    this.#known.delete(containerId)
    this.#known.set(containerId, deploymentId)
    const [oldest] = this.#known.keys()
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest)
  }
}

const keyOf = (containerId: string): string => `skills:container:${containerId}`

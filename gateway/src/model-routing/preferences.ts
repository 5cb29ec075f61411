import { agePreference, userBias } from '@routeiq/router'
import type { Preference } from './preference-store.ts'

/** What users think of models, as read last. */
export class Preferences {
  readonly #users = new Map<string, Map<string, number>>()

  constructor(preferences: readonly Preference[], now: number) {
    for (const { workspaceId, userId, arm, updatedAt, ...sums } of preferences) {
      const key = keyOf(workspaceId, userId)
      const biases = this.#users.get(key) ?? new Map<string, number>()
      this.#users.set(key, biases.set(arm, userBias(agePreference(sums, now - updatedAt))))
    }
  }

  get size(): number {
    return this.#users.size
  }

  /** By model; null for a user who has said nothing. */
  biasesOf(workspaceId: string, userId: string | null): ReadonlyMap<string, number> | null {
    return userId === null ? null : (this.#users.get(keyOf(workspaceId, userId)) ?? null)
  }
}

function keyOf(workspaceId: string, userId: string): string {
  return `${workspaceId}\u0000${userId}`
}

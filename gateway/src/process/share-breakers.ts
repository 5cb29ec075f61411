import { randomUUID } from 'node:crypto'
import type { ProviderBreakers, ProviderEvent } from '../balancing/provider-breakers.ts'
import type { SharedState } from '../storage/shared-state/shared-state.ts'

const channel = 'routeiq:cb'

/** `event` null asks the others which breakers are open; with `to` it answers one that asked. */
interface Notice {
  readonly origin: string
  readonly to?: string
  readonly event: ProviderEvent | null
}

/**
 * What happens to the breakers of providers here reaches every worker and replica, so that all count together. One that
 * starts later asks the others, and takes over what is open.
 */
export async function shareProviderBreakers(state: SharedState, breakers: ProviderBreakers): Promise<void> {
  const origin = randomUUID()
  const publish = (notice: Omit<Notice, 'origin'>): void => {
    void state.publish(channel, JSON.stringify({ origin, ...notice }))
  }
  breakers.onEvent((event) => publish({ event }))
  await state.subscribe(channel, (message) => {
    const { origin: from, to, event } = JSON.parse(message) as Notice
    if (from === origin) return
    if (event === null) for (const opened of breakers.listOpenings()) publish({ to: from, event: opened })
    else if (to === undefined) breakers.apply(event)
    // Several may answer, and what was heard meanwhile is newer.
    else if (to === origin && breakers.isClosed(event.provider)) breakers.apply(event)
  })
  publish({ event: null })
}

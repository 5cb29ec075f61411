import { randomUUID } from 'node:crypto'
import type { ProviderBreakers, ProviderEvent } from '../balancing/provider-breakers.ts'
import type { SharedState } from '../storage/shared-state/shared-state.ts'

const channel = 'routeiq:cb'

/** What happens to the breakers of providers here reaches every worker and replica, so that all count together. */
export async function shareProviderBreakers(state: SharedState, breakers: ProviderBreakers): Promise<void> {
  const origin = randomUUID()
  breakers.onEvent((event) => {
    void state.publish(channel, JSON.stringify({ origin, event }))
  })
  await state.subscribe(channel, (message) => {
    const notice = JSON.parse(message) as { origin: string; event: ProviderEvent }
    if (notice.origin !== origin) breakers.apply(notice.event)
  })
}

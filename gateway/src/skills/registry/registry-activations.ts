import { GatewayError } from '@routeiq/contract'
import { type RegistryRoutesDependencies, requireEntry } from './registry-context.ts'

const maxWindowDays = 365

/** `GET /registry/skills/{skill}/activations`: days with something in them. Unknown, not zero, while few workspaces share. */
export async function showActivations(
  { registry }: Pick<RegistryRoutesDependencies, 'registry'>,
  reference: string | undefined,
  window: string | null,
): Promise<object> {
  const { skillId } = await requireEntry(registry, reference)
  const windowDays = readWindow(window)
  const days = await registry.readActivations(skillId, windowDays)
  const sum = (read: (day: NonNullable<typeof days>[number]) => number): number | null =>
    days === null ? null : days.reduce((total, day) => total + read(day), 0)
  return {
    window_days: windowDays,
    series: (days ?? []).map((day) => ({
      date: day.day,
      activations: day.activations,
      router_decisions: day.decisions,
      router_activated: day.decisionsActivated,
      distinct_orgs: day.workspaces,
    })),
    totals: {
      activations: sum(({ activations }) => activations),
      router_decisions: sum(({ decisions }) => decisions),
      router_activated: sum(({ decisionsActivated }) => decisionsActivated),
      distinct_orgs_max: days === null ? null : Math.max(0, ...days.map(({ workspaces }) => workspaces)),
    },
  }
}

function readWindow(text: string | null): number {
  const days = Number(text ?? 30)
  if (Number.isInteger(days) && days >= 1 && days <= maxWindowDays) return days
  throw new GatewayError(
    'invalid_request',
    `\`window_days\` must be a whole number from 1 to ${maxWindowDays}.`,
    {
      param: 'window_days',
    },
  )
}

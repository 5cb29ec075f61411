import type { PolicyValue } from '@routeiq/router'

/** A replayed policy, with what it takes to trust the figure or not. */
export function describeReplay(value: PolicyValue): object {
  return {
    rows: value.rows,
    value: value.doublyRobust,
    ci: value.doublyRobustInterval,
    snips: value.snips,
    snips_ci: value.snipsInterval,
    ess: value.effectiveRows,
    clipped_share: value.clippedShare,
    cost: value.cost,
    logged_value: value.loggedScore,
    logged_cost: value.loggedCost,
    method: 'doubly_robust',
    refused: value.refusal,
  }
}

import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { SubjectContext, type SubjectRoutesDependencies } from './subject-context.ts'

/** How many keys are told of at once. */
const toldAtOnce = 1_000

/** `POST /global/spend/reset`: keys and teams begin anew with their budgets. The ledger stays as it is. */
export function resetSpendRoute(deps: SubjectRoutesDependencies): Route<Endpoint> {
  const { keys, subjects, now, onKeysChanged, onSubjectsChanged } = deps
  return new SubjectContext(deps).route('POST', '/global/spend/reset', {
    permission: 'spend.write',
    body: z.looseObject({}),
    answer: async () => {
      const at = now()
      const hashes = await keys.resetSpend(at)
      for (let first = 0; first < hashes.length; first += toldAtOnce)
        onKeysChanged(hashes.slice(first, first + toldAtOnce))
      const teams = await subjects.resetSpend('team', at)
      onSubjectsChanged(teams.map((id) => ({ kind: 'team', id })))
      return {
        body: { message: 'Spend for all API Keys and Teams reset successfully', status: 'success' },
      }
    },
  })
}

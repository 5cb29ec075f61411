import { GatewayError } from '@routeiq/contract'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import type { Quotas } from '../../quotas/quotas.ts'
import type { RestRequest } from '../../rest/rest-endpoint.ts'
import { requireOwnSkill } from '../api/skill-context.ts'
import { countJudgeCalls } from '../benchmarks/count-judge-calls.ts'
import type { ModelCalls } from '../benchmarks/model-calls.ts'
import { safetyWords } from '../registry/format-entry.ts'
import { callerRoute, principalOf, type RegistryRoutesDependencies } from '../registry/registry-context.ts'
import { type IntentReview, reviewIntent } from './review-intent.ts'

export interface CheckRoutesDependencies
  extends Pick<RegistryRoutesDependencies, 'identity' | 'skills' | 'writer'> {
  readonly quotas: Pick<Quotas, 'take'>
  /** Calls of the gateway's own, charged to a caller. */
  readonly modelCalls: (caller: Caller) => ModelCalls
}

/** `POST /skills/{skill}/checks/run`: scans the newest version now; with `deep=true&model=` a model reviews it too. */
export function checkRoutes(deps: CheckRoutesDependencies): Route<Endpoint>[] {
  return [callerRoute(deps, 'POST', '/skills/{skill+}/checks/run', (request) => runChecks(deps, request))]
}

type Request = Pick<RestRequest<undefined>, 'workspaceId' | 'params' | 'query' | 'caller'>

const unreviewed = { intent_status: 'unreviewed', content_status: 'unreviewed', model: null } as const

async function runChecks(
  deps: CheckRoutesDependencies,
  { workspaceId, params, query, caller }: Request,
): Promise<object> {
  const skill = await requireOwnSkill(deps.skills, workspaceId, params['skill'] ?? '')
  const { skillId, latest, name } = skill
  const { versionId, versionNumber } = latest
  const review = query.get('deep') === 'true' ? await reviewNewest() : null
  const scan = await deps.writer.rescan(workspaceId, skillId, versionId, review)
  const { findings = [] } = (scan.result ?? {}) as { findings?: readonly object[] }
  return {
    skill_safety: safetyWords[scan.status],
    safety_status: scan.status,
    quarantined: scan.isQuarantined,
    intent_status: review?.intent_status ?? 'unreviewed',
    content_status: review?.content_status ?? 'unreviewed',
    version_number: versionNumber,
    scanner_version: scan.scannerVersion,
    findings,
    ...(review === null ? {} : { intent_review: review }),
  }

  async function reviewNewest(): Promise<IntentReview> {
    const model = query.get('model')
    if (model === null || model === '')
      return { ...unreviewed, reason: 'no model was named to review the skill: `deep=true&model=…`' }
    const version = await deps.skills.readVersion(workspaceId, skillId, { versionId })
    if (version === null) throw new GatewayError('not_found', `The skill ${name} was not found.`)
    const calls = countJudgeCalls(deps.modelCalls(caller), deps.quotas, principalOf(workspaceId, caller))
    const { description, skillMd } = version
    return reviewIntent(calls, model, { name, description, skillMd })
  }
}

import { GatewayError } from '@routeiq/contract'
import type { Deployment } from '../../deployments/deployment.ts'
import type { CodeRuns } from '../../injection/code-runs.ts'
import type { SkillTurn } from '../../injection/skill-turn.ts'
import type { Gateway } from '../gateway.ts'
import type { ModelRequest } from '../model-request.ts'
import { beginTurn } from './begin-turn.ts'
import type { ListedSkills } from './listed-skills.ts'

/** The listed skills for the prompt, and what runs code beside them. Errors: 404 for a skill that may not be used, and 503 when nothing is known of skills now. */
export async function beginListed(
  gateway: Gateway,
  request: ModelRequest,
  listed: ListedSkills,
  deployment: Deployment,
  code: CodeRuns | null = null,
): Promise<SkillTurn> {
  const begun = await listed.begin(() =>
    beginTurn(gateway, request, deployment, listed.wish(code !== null), { pinned: listed.versions, code }),
  )
  if (typeof begun !== 'string') return begun.turn
  throw new GatewayError(
    'unsupported_parameter',
    `The listed skills cannot be given to ${deployment.provider.title} in this request (${begun}).`,
    { param: 'skills' },
  )
}

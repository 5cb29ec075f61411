import type { Runtime } from '../../pipeline/model-request.ts'
import { accountOfEnvironment } from './choose-account.ts'
import { accountOf, type SkillAccount } from './skill-account.ts'

/** Every account of this configuration, some perhaps more than once. */
export function listAccounts(runtime: Runtime, secret: Buffer): readonly SkillAccount[] {
  const deployments = [...runtime.routing.byDeploymentId.values()]
  return [
    ...deployments.flatMap((deployment) => accountOf(deployment, secret) ?? []),
    ...[accountOfEnvironment(runtime, secret)].filter((account) => account !== null),
  ]
}

import type { Deployment } from './deployment.ts'

/** Who looks for models: an admin, or callers of a team. */
export interface Looking {
  readonly isAdmin: boolean
  readonly teamId: string | null
}

/** Whether a deployment is there at all for somebody: what another team owns does not exist for them. */
export function isOpenTo({ config: { info } }: Deployment, { isAdmin, teamId }: Looking): boolean {
  return isAdmin || info.teamId === null || info.teamId === teamId
}

import type { Authorization } from '../authorization.ts'
import type { UpstreamRequest } from '../transport.ts'

/** The call that is answered with the token. `before` is what the step in front of it gave. */
export async function lastRequest(
  grant: Authorization | null | undefined,
  now: number,
  before = '',
): Promise<UpstreamRequest> {
  const last = grant?.kind === 'token' ? grant.steps.at(-1) : undefined
  if (last?.kind !== 'call') throw new Error('no call')
  return last.createRequest(now, before)
}

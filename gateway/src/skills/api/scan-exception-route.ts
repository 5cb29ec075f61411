import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { restEndpoint } from '../../rest/rest-endpoint.ts'
import { line } from '../write/skill-fields.ts'
import { authorOf, requireSkill, type SkillRoutesDependencies } from './skill-context.ts'

const exceptionBody = z.object({
  check: line.refine((check) => check !== '', 'name a check, as in prompt_injection'),
  reason: line.refine((reason) => reason.trim() !== '', 'say why'),
  expires_at: z.iso.datetime({ offset: true }).nullish(),
  version_number: z.int().min(1).nullish(),
})

/**
 * `POST /skills/{skill}/checks/exceptions`: an admin answers for what a check finds in the files of one version, the
 * newest unless told otherwise. The version is weighed again at once.
 */
export function scanExceptionRoute({ identity, store, writer }: SkillRoutesDependencies): Route<Endpoint> {
  const handler = restEndpoint({
    identity,
    body: exceptionBody,
    answer: async ({ workspaceId, params, body, caller }) => {
      const skill = await requireSkill(store, workspaceId, params['skill'] ?? '')
      const { skillId, latest } = skill
      const versionNumber = body.version_number ?? latest.versionNumber
      const version = await store.readVersion(workspaceId, skillId, { versionNumber })
      if (version === null)
        throw new GatewayError('not_found', `Version ${versionNumber} was not found.`, {
          param: 'version_number',
        })
      await store.saveScanException(workspaceId, version.treeDigest, {
        check: body.check,
        author: authorOf(caller, null),
        reason: body.reason,
        expiresAt: body.expires_at == null ? null : Date.parse(body.expires_at),
      })
      const scan = await writer.rescan(workspaceId, skillId, version.versionId)
      return {
        body: {
          status: 'ok',
          check: body.check,
          tree_digest: version.treeDigest,
          version_number: versionNumber,
          safety_status: scan.status,
          quarantined: scan.isQuarantined,
        },
      }
    },
  })
  const template = '/api/v1/skills/{skill+}/checks/exceptions'
  return { method: 'POST', template, auth: 'admin', aliased: false, handler }
}

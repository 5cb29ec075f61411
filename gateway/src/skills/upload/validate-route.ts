import type { SkillsConfig } from '../../config/config.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import { queryOf } from '../../http/path.ts'
import { readBody } from '../../http/read-body.ts'
import type { Route } from '../../http/router.ts'
import { authenticate, type Identity } from '../../pipeline/authenticate.ts'
import { RefusedArchive } from '../archive/file-tree.ts'
import { maxUploadBytes, readUpload } from './read-upload.ts'
import { type ValidatedUpload, validateUpload } from './validate-upload.ts'

type UploadRules = Pick<SkillsConfig, 'isStrict' | 'maxTotalBytes'>

/** `POST /api/v1/skills/validate?mode=strict|lenient`: what is wrong with an upload; nothing is kept of it. */
export function validateRoute(identity: Identity, settings: () => UploadRules): Route<Endpoint> {
  const handler: Endpoint = {
    errors: 'api-v1',
    handle: async (exchange, _params, route) => {
      await authenticate(identity, exchange, route.auth)
      const body = await readBody(exchange.request, maxUploadBytes)
      const mode = queryOf(exchange.target).get('mode')
      const rules = settings()
      const isStrict = mode === null ? rules.isStrict : mode === 'strict'
      const contentType = exchange.header('content-type') ?? ''
      exchange.sendJson(200, formatValidation(validate(contentType, body, { ...rules, isStrict })))
    },
  }
  return { method: 'POST', template: '/api/v1/skills/validate', auth: 'user', aliased: false, handler }
}

function validate(
  contentType: string,
  body: Buffer,
  { isStrict, maxTotalBytes }: UploadRules,
): ValidatedUpload {
  try {
    return validateUpload(readUpload(contentType, body, maxTotalBytes).tree.files, isStrict)
  } catch (error) {
    if (!(error instanceof RefusedArchive)) throw error
    const { path, rule, message } = error
    return { errors: [{ path, line: null, rule, message }], warnings: [], skill: null }
  }
}

function formatValidation({ errors, warnings, skill }: ValidatedUpload): object {
  return {
    valid: errors.length === 0,
    errors,
    warnings,
    name: skill?.name ?? null,
    description: skill?.description ?? null,
    tree_digest: skill?.treeDigest ?? null,
  }
}

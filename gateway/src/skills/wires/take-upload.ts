import { GatewayError } from '@routeiq/contract'
import { RefusedArchive } from '../archive/file-tree.ts'
import { readUpload } from '../upload/read-upload.ts'
import { type UploadedSkill, validateUpload } from '../upload/validate-upload.ts'
import { formatProblem } from '../validate/problem.ts'

export interface TakenUpload {
  readonly skill: UploadedSkill
  readonly fields: Readonly<Record<string, string>>
}

/** The skill in a request. Errors: 400 that lists every problem with path, line and rule. */
export function takeUpload(contentType: string, body: Buffer, isStrict: boolean): TakenUpload {
  try {
    const { tree, fields } = readUpload(contentType, body)
    const { skill, errors } = validateUpload(tree.files, isStrict)
    if (skill === null)
      throw new GatewayError('invalid_request', errors.map(formatProblem).join('; '), { param: 'files' })
    return { skill, fields }
  } catch (error) {
    if (!(error instanceof RefusedArchive)) throw error
    const { path, rule, message } = error
    throw new GatewayError('invalid_request', formatProblem({ path, line: null, rule, message }), {
      param: 'files',
    })
  }
}

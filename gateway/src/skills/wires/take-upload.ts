import { GatewayError } from '@routeiq/contract'
import type { SkillsConfig } from '../../config/config.ts'
import { RefusedArchive } from '../archive/file-tree.ts'
import { readUpload } from '../upload/read-upload.ts'
import { type UploadedSkill, validateUpload } from '../upload/validate-upload.ts'
import { formatProblem, type Problem } from '../validate/problem.ts'

export interface TakenUpload {
  readonly skill: UploadedSkill
  readonly fields: Readonly<Record<string, string>>
}

/** The skill in a request. Errors: 400 that lists every problem with path, line and rule. */
export function takeUpload(
  contentType: string,
  body: Buffer,
  { isStrict, maxTotalBytes }: Pick<SkillsConfig, 'isStrict' | 'maxTotalBytes'>,
): TakenUpload {
  try {
    const { tree, fields } = readUpload(contentType, body, maxTotalBytes)
    const { skill, errors } = validateUpload(tree.files, isStrict)
    if (skill === null) throw refusedUpload(errors)
    return { skill, fields }
  } catch (error) {
    if (!(error instanceof RefusedArchive)) throw error
    const { path, rule, message } = error
    throw refusedUpload([{ path, line: null, rule, message }])
  }
}

function refusedUpload(problems: readonly Problem[]): GatewayError {
  const errors = problems.map(({ path, line, rule, message }) => ({
    ...{ path, rule, message },
    ...(line === null ? {} : { line }),
  }))
  const text = problems.map(formatProblem).join('; ')
  return new GatewayError('invalid_request', text, { param: 'files', extras: { details: { errors } } })
}

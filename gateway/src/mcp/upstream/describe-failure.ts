import {
  InsufficientScopeError,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import { redactText } from '../../telemetry/redact.ts'
import { EgressRefused } from './guarded-fetch.ts'
import { UpstreamFailure } from './upstream-failure.ts'

const urlElicitation = -32_042
/** What is deeper in the data of an error is not told. */
const maxDepth = 32

/** What an error of the protocol's SDK, or of the way there, means. `name` is the alias of the server. */
export function describeFailure(error: unknown, name: string): UpstreamFailure {
  const known = findCause(error, UpstreamFailure)
  if (known !== null) return known
  if (error instanceof ProtocolError)
    return new UpstreamFailure('rpc', redactText(error.message), error.code, redactData(error))
  const refused = findCause(error, EgressRefused)
  if (refused !== null) return new UpstreamFailure('blocked', `${name} may not be called: ${refused.message}`)
  if (error instanceof InsufficientScopeError)
    return new UpstreamFailure('auth_required', `${name} wants more rights than the account has.`)
  if (error instanceof UnauthorizedError)
    return new UpstreamFailure('auth_required', `${name} wants to be signed in to.`)
  if (error instanceof SdkHttpError) return describeStatus(error, name)
  if (error instanceof SdkError) return describeSdkError(error, name)
  if (error instanceof Error && error.name === 'TimeoutError')
    return new UpstreamFailure('timeout', `${name} did not answer in time.`)
  const { code } = (error ?? {}) as { code?: unknown }
  if (code === 401) return new UpstreamFailure('auth_required', `${name} wants to be signed in to.`)
  return new UpstreamFailure('unreachable', `${name} could not be reached.`)
}

/** Addresses at which somebody is to do something are not changed: what they carry is for that person. */
function redactData({ code, data }: ProtocolError): unknown {
  return code === urlElicitation ? data : redactTexts(data)
}

function redactTexts(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth === maxDepth) return null
  const redact = (member: unknown): unknown => redactTexts(member, depth + 1)
  if (Array.isArray(value)) return value.map(redact)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, redact(member)]))
}

function describeStatus(error: SdkHttpError, name: string): UpstreamFailure {
  const { status } = error
  if (status === 401 || status === 403)
    return new UpstreamFailure('auth_required', `${name} refused the credential it was given (${status}).`)
  if (status === 404)
    return new UpstreamFailure('session_lost', `${name} does not know the session any more.`)
  return new UpstreamFailure('unreachable', `${name} answered with status ${status}.`)
}

function describeSdkError(error: SdkError, name: string): UpstreamFailure {
  switch (error.code) {
    case SdkErrorCode.RequestTimeout:
      return /abort|cancel/i.test(error.message)
        ? new UpstreamFailure('cancelled', 'The call was cancelled.')
        : new UpstreamFailure('timeout', `${name} did not answer in time.`)
    case SdkErrorCode.InvalidResult:
    case SdkErrorCode.UnsupportedResultType:
    case SdkErrorCode.ClientHttpUnexpectedContent:
      return new UpstreamFailure('malformed', `${name} answered something that is no valid result.`)
    case SdkErrorCode.ClientHttpAuthentication:
    case SdkErrorCode.ClientHttpForbidden:
      return new UpstreamFailure('auth_required', `${name} wants to be signed in to.`)
    default:
      return new UpstreamFailure('unreachable', `${name} could not be reached.`)
  }
}

function findCause<Kind extends Error>(error: unknown, kind: new (...args: never[]) => Kind): Kind | null {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof kind) return at
  return null
}

import type { AccessToken, CallStep } from '../../transport/authorization.ts'
import type { UpstreamRequest } from '../../transport/transport.ts'
import { type AwsCredentials, formatCredentials, parseCredentials } from './aws-credentials.ts'
import { createSignature } from './signature.ts'

/** A role and where it is asked for. */
export interface AwsRole {
  readonly arn: string
  readonly sessionName: string
  readonly externalId: string | null
  readonly region: string
  /** The base URL of the Security Token Service. */
  readonly endpoint: URL
}

/**
 * `AssumeRole` of AWS's Security Token Service (API version 2011-06-15), signed with `base` or, when that is null, with
 * the credentials that the step before gave.
 */
export function assumeRole(role: AwsRole, base: AwsCredentials | null): CallStep {
  return {
    kind: 'call',
    createRequest: async (now, before) => {
      const signature = createSignature('sts', role.region, base ?? parseCredentials(before))
      const request = createRequest(role, 'AssumeRole', {})
      return { ...request, headers: await signature.sign(request, now, '') }
    },
    read: readCredentials,
  }
}

/** `AssumeRoleWithWebIdentity`, with `token` or what the step before gave. It needs no signature. */
export function assumeRoleWithWebIdentity(role: AwsRole, token: string | null): CallStep {
  return {
    kind: 'call',
    createRequest: (_now, before) =>
      createRequest(role, 'AssumeRoleWithWebIdentity', { WebIdentityToken: token ?? before }),
    read: readCredentials,
  }
}

function createRequest(
  { arn, sessionName, externalId, endpoint }: AwsRole,
  action: string,
  more: Readonly<Record<string, string>>,
): UpstreamRequest {
  const external = externalId === null || action !== 'AssumeRole' ? {} : { ExternalId: externalId }
  const named = { RoleArn: arn, RoleSessionName: sessionName }
  const form = { Action: action, Version: '2011-06-15', ...named, ...external, ...more }
  return {
    origin: endpoint.origin,
    method: 'POST',
    path: endpoint.pathname,
    headers: ['content-type', 'application/x-www-form-urlencoded', 'user-agent', 'routeiq'],
    body: Buffer.from(new URLSearchParams(form).toString()),
  }
}

/** The credentials of the service's XML, null when they are not there or have expired. */
function readCredentials(xml: string, now: number): AccessToken | null {
  const value = (name: string): string => new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)?.[1] ?? ''
  const [accessKeyId, secretAccessKey] = [value('AccessKeyId'), value('SecretAccessKey')]
  const sessionToken = value('SessionToken')
  const lifetimeMs = Date.parse(value('Expiration')) - now
  if (accessKeyId === '' || secretAccessKey === '' || sessionToken === '' || !(lifetimeMs > 0)) return null
  return { token: formatCredentials({ accessKeyId, secretAccessKey, sessionToken }), lifetimeMs }
}

import type { ReceivedRequest } from './received-request.ts'
import type { Step } from './scripted-upstream.ts'
import { respond } from './steps.ts'
import { findSignatureProblem } from './verify-signature.ts'

const xml = { 'content-type': 'text/xml' }

/** What a call to AWS's Security Token Service asks for. */
export function readStsForm(request: ReceivedRequest): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(request.body))
}

/**
 * AWS's Security Token Service: the n-th call gets the keys `AKID-n` with the secret `secret-n`. `AssumeRole` must be
 * signed with one of `secrets`; a web identity must be one of `tokens`.
 */
export function grantRoles(
  secrets: readonly string[],
  tokens: readonly string[],
  lifetimeMs = 3_600_000,
): Step {
  let calls = 0
  return (call) => {
    const { Action, WebIdentityToken = '' } = readStsForm(call.request)
    const isAllowed =
      Action === 'AssumeRole'
        ? secrets.some((secret) => findSignatureProblem(call.request, secret, 'sts') === null)
        : tokens.includes(WebIdentityToken)
    if (!isAllowed) return respond(403, errorXml, xml)(call)
    calls += 1
    return respond(200, grantXml(Action ?? '', calls, lifetimeMs), xml)(call)
  }
}

const errorXml = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error><Type>Sender</Type><Code>AccessDenied</Code><Message>secret words</Message></Error>
  <RequestId>r</RequestId>
</ErrorResponse>`

function grantXml(action: string, n: number, lifetimeMs: number): string {
  const expiration = new Date(Date.now() + lifetimeMs).toISOString().replace(/\.\d+Z/, 'Z')
  return `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <${action}Result>
    <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn><AssumedRoleId>id:s</AssumedRoleId></AssumedRoleUser>
    <Credentials>
      <AccessKeyId>AKID-${n}</AccessKeyId>
      <SecretAccessKey>secret-${n}</SecretAccessKey>
      <SessionToken>session-${n}==</SessionToken>
      <Expiration>${expiration}</Expiration>
    </Credentials>
  </${action}Result>
</${action}Response>`
}

import { createHash, createHmac } from 'node:crypto'
import type { ReceivedRequest } from './received-request.ts'
import type { Step } from './scripted-upstream.ts'
import { respond } from './steps.ts'

const hash = (data: string) => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest()

/** What is wrong with a request's AWS Signature Version 4, recomputed by its published steps; null when it is right. */
export function findSignatureProblem(
  request: ReceivedRequest,
  secretKey: string,
  service = 'bedrock',
): string | null {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8}\/[^/]+\/(\w+)\/aws4_request), SignedHeaders=([^,]+), Signature=(\w+)$/
  const match = pattern.exec(request.headers['authorization'] ?? '')
  if (match === null) return 'no signature'
  const [, , scope = '', signedService, names = '', signature] = match
  if (signedService !== service) return 'another service is meant'
  if (!names.split(';').includes('host')) return 'the host is not signed'
  const [path = '', search = ''] = request.path.split('?')
  const canonical = [
    request.method,
    path.split('/').map(encodeURIComponent).join('/'),
    search,
    ...names.split(';').map((name) => `${name}:${request.headers[name]?.trim() ?? ''}`),
    '',
    names,
    hash(request.body),
  ].join('\n')
  const date = request.headers['x-amz-date'] ?? ''
  const age = Date.now() - Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!(Math.abs(age) < 300_000)) return 'the date is wrong'
  const key = scope.split('/').reduce<Buffer | string>(hmac, `AWS4${secretKey}`)
  const expected = hmac(key, ['AWS4-HMAC-SHA256', date, scope, hash(canonical)].join('\n')).toString('hex')
  return signature === expected ? null : 'the signature does not match'
}

/** Does `step` for requests that are signed with this key; others are refused as AWS does. */
export function requireSignature(secretKey: string, step: Step): Step {
  return (call) => {
    const problem = findSignatureProblem(call.request, secretKey)
    if (problem === null) return step(call)
    const type = { 'x-amzn-errortype': 'InvalidSignatureException' }
    return respond(403, { message: problem }, type)(call)
  }
}

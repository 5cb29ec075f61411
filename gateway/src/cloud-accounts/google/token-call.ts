import { createHash } from 'node:crypto'
import { type JsonRecord, readText } from '../../conversation/json-value.ts'
import type { UpstreamRequest } from '../../transport/transport.ts'

/** What every token is for. */
export const cloudScope = 'https://www.googleapis.com/auth/cloud-platform'

/** A call to a token endpoint with a form. Errors: throws an Error for an address that is none. */
export function createFormRequest(address: string, form: Readonly<Record<string, string>>): UpstreamRequest {
  return {
    ...placeOf(address, 'token_uri'),
    method: 'POST',
    headers: ['content-type', 'application/x-www-form-urlencoded', 'user-agent', 'routeiq'],
    body: Buffer.from(new URLSearchParams(form).toString()),
  }
}

/** An address of the credentials as a request has it. Errors: throws an Error naming the member. */
export function placeOf(address: string, member: string): Pick<UpstreamRequest, 'origin' | 'path'> {
  if (!URL.canParse(address)) throw new Error(`\`${member}\` of \`vertex_credentials\` is not a URL`)
  const { origin, pathname, search } = new URL(address)
  return { origin, path: pathname + search }
}

/** A member of the credentials. Errors: throws an Error when it is missing. */
export function requireText(credentials: JsonRecord, name: string): string {
  const text = readText(credentials[name])
  if (text === null) throw new Error(`\`vertex_credentials\` has no \`${name}\``)
  return text
}

/** What identifies an account without holding its secrets. */
export function digest(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex')
}

import { GatewayError } from '@routeiq/contract'

const references = /os\.environ\/([^\s"']+)|\$\{([A-Za-z_][A-Za-z0-9_]*)/g

/**
 * Refuses parameters that would read what only the operator may give away: the gateway's own variables, and files of
 * its machine. Errors: 400 naming the parameter.
 */
export function rejectReferences(
  params: Readonly<Record<string, unknown>>,
  isOwnVariable: (name: string) => boolean,
): void {
  for (const [name, value] of Object.entries(params)) {
    for (const [, whole, embedded] of JSON.stringify(value ?? null).matchAll(references)) {
      const variable = whole ?? embedded ?? ''
      if (isOwnVariable(variable)) throw refused(name, `the variable ${variable} is the gateway's own`)
    }
    if (isFile(name, value))
      throw refused(name, 'a file of the gateway may only be named in its configuration')
  }
}

/** In a configuration file credentials may be a path; here they must be what the file would hold. */
function isFile(name: string, value: unknown): boolean {
  if (typeof value !== 'string') return false
  if (/^\s*(?:[.~]{0,2}\/|oidc\/file\/)/.test(value)) return true
  return name.endsWith('_credentials') && !/^\s*\{|^os\.environ\//.test(value)
}

function refused(name: string, reason: string): GatewayError {
  return new GatewayError('invalid_request', `\`${name}\` cannot be used: ${reason}.`, { param: name })
}

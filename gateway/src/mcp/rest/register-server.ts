import { GatewayError } from '@routeiq/contract'
import type { McpServerSettings, StdioApiConfig } from '../../config/config.ts'
import { mcpServerBody } from '../../config/settings/mcp-server-body.ts'
import type { McpGateway } from '../mcp-gateway.ts'
import { readOperations } from '../openapi/read-operations.ts'
import { requireRunnable } from '../registry/judge-program.ts'
import { requireCallable } from '../registry/judge-url.ts'

type Body = Readonly<Record<string, unknown>>

/** Where a server is only tried out or proposed, no program is taken. */
export const noPrograms: StdioApiConfig = { isEnabled: false, commands: [] }

/** Members that are secret and by what other names they are sent. */
const secretMembers = {
  authValue: ['auth_value', 'authentication_token', 'credentials'],
  clientSecret: ['client_secret', 'credentials'],
  staticHeaders: ['static_headers', 'headers'],
  env: ['env'],
} as const

/**
 * Reads a server that somebody registers. A secret that is not mentioned stays as it was in `before`. Errors: 422
 * `validation_failed`, 400 `stdio_not_allowed`, `invalid_url` or `ssrf_blocked`.
 */
export function readServerBody(
  body: Body,
  gateway: Pick<McpGateway, 'egress'>,
  before: McpServerSettings | null,
  programs: StdioApiConfig,
): McpServerSettings {
  const parsed = mcpServerBody.safeParse(body)
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ code, path, message }) => ({
      type: code,
      loc: ['body', ...path.map(String)],
      msg: message,
    }))
    const sentences = issues.map(({ loc, msg }) => `${loc.slice(1).join('.')}: ${msg}`)
    throw new GatewayError('validation_failed', sentences.join('; '), { extras: { issues } })
  }
  const settings = parsed.data
  const isProgram = settings.transport === 'stdio' || settings.command !== null
  const kept = (member: keyof typeof secretMembers): boolean =>
    secretMembers[member].every((name) => body[name] === undefined)
  const env = before !== null && kept('env') ? before.env : settings.env
  if (isProgram) requireRunnable({ ...settings, env }, settings.transport === 'stdio' ? programs : noPrograms)
  if (!isProgram || settings.url !== null) requireCallable(settings.url ?? '', gateway.egress)
  for (const member of ['authorizationUrl', 'tokenUrl', 'registrationUrl'] as const) {
    const url = settings.oauth[member]
    if (url !== null) requireCallable(url, gateway.egress, { plainHttp: false })
  }
  if (typeof settings.specPath === 'string') requireCallable(settings.specPath, gateway.egress)
  else if (settings.specPath !== null) readOperations(settings.specPath)
  if (before === null) return settings
  return {
    ...settings,
    authValue: kept('authValue') && settings.authValue === null ? before.authValue : settings.authValue,
    staticHeaders: kept('staticHeaders') ? before.staticHeaders : settings.staticHeaders,
    env,
    oauth: {
      ...settings.oauth,
      clientSecret: kept('clientSecret') ? before.oauth.clientSecret : settings.oauth.clientSecret,
    },
  }
}

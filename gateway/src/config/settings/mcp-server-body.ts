import { z } from 'zod'
import type { McpOAuthSettings, McpServerSettings, McpTransport } from '../config.ts'

const transports: Readonly<Record<string, McpTransport>> = {
  streamable_http: 'streamable_http',
  'streamable-http': 'streamable_http',
  http: 'streamable_http',
  sse: 'sse',
  stdio: 'stdio',
}

/** Second segments of paths below `/mcp` and `/v1/mcp/server` that mean something else. */
const reservedIds = new Set([
  ...['oauth', 'info', 'sse', 'messages', 'transport', 'health', 'register', 'submissions'],
])
/** Words that no server and no toolset may be called. */
export function isReserved(name: string): boolean {
  return reservedIds.has(name.toLowerCase())
}

/** What carries a caller's own credential never goes to a tool server. */
export const credentialHeaders: ReadonlySet<string> = new Set([
  ...[
    'authorization',
    'proxy-authorization',
    'cookie',
    'x-litellm-api-key',
    'x-routeiq-api-key',
    'x-api-key',
  ],
  ...['api-key', 'x-goog-api-key', 'x-admin-api-key', 'ocp-apim-subscription-key'],
])
/**
 * In a variable of a program, a header of the client by its name. A dash tells it from a variable of the gateway's own,
 * which is filled in when the file is read.
 */
export const headerReference = /\$\{([A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+)\}/g
const secretName = /secret|token|password|passwd|credential|api[_-]?key|auth[_-]?value|private[_-]?key/i

const text = z.string().max(4_096)
const texts = z.array(text).max(1_000)
const headers = z.record(z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/), z.string().max(16_384))
const positive = z.int().min(1).max(2_147_483_647)
const limits = z.strictObject({
  memory_mb: positive.nullish(),
  cpu_seconds: positive.nullish(),
  open_files: positive.nullish(),
  processes: positive.nullish(),
  file_mb: positive.nullish(),
})
const serverId = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits and any of . _ -')
  .refine((id) => !isReserved(id), 'is a reserved word')
const alias = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,40}$/, 'must be 1 to 40 letters, digits and any of _ -')
  .refine((name) => !isReserved(name), 'is a reserved word')
const declaredTool = z.union([
  text.transform((name) => ({ name, description: null, inputSchema: null })),
  z
    .object({
      name: text,
      description: text.nullish(),
      input_schema: z.record(z.string(), z.unknown()).nullish(),
    })
    .transform(({ name, description, input_schema }) => ({
      name,
      description: description ?? null,
      inputSchema: input_schema ?? null,
    })),
])

const form = z.object({
  server_id: serverId,
  name: text.min(1).nullish(),
  server_name: text.min(1).nullish(),
  alias: alias.nullish(),
  description: text.nullish(),
  instructions: text.nullish(),
  url: z.string().nullish(),
  spec_path: z.union([text.min(1), z.record(z.string(), z.unknown())]).nullish(),
  transport: z
    .string()
    .refine((written) => transports[written] !== undefined, 'must be streamable_http, http, sse or stdio')
    .default('streamable_http'),
  protocol_era: z.enum(['auto', 'legacy', 'modern']).nullish(),
  auth_type: z.enum(['none', 'api_key', 'bearer_token', 'basic', 'authorization', 'oauth2']).nullish(),
  auth_value: text.nullish(),
  authentication_token: text.nullish(),
  credentials: z.record(z.string(), z.unknown()).nullish(),
  client_id: text.nullish(),
  client_secret: text.nullish(),
  scopes: texts.nullish(),
  authorization_url: text.nullish(),
  token_url: text.nullish(),
  registration_url: text.nullish(),
  oauth2_flow: z.enum(['authorization_code', 'client_credentials']).nullish(),
  is_byok: z.boolean().nullish(),
  static_headers: headers.nullish(),
  headers: headers.nullish(),
  extra_headers: texts.nullish(),
  env: z.record(z.string(), z.coerce.string()).nullish(),
  allowed_tools: texts.nullish(),
  disallowed_tools: texts.nullish(),
  tool_name_to_display_name: z.record(z.string(), text).nullish(),
  tool_name_to_description: z.record(z.string(), text).nullish(),
  access_groups: texts.nullish(),
  mcp_access_groups: texts.nullish(),
  teams: texts.nullish(),
  allow_all_keys: z.boolean().nullish(),
  is_public: z.boolean().nullish(),
  approve_on_first_use: z.boolean().nullish(),
  command: text.nullish(),
  args: texts.nullish(),
  cwd: text.nullish(),
  run_as: z.strictObject({ uid: positive, gid: positive }).nullish(),
  limits: limits.nullish(),
  eager: z.boolean().nullish(),
  tools: z.array(declaredTool).max(2_000).nullish(),
  resources: texts.nullish(),
  mcp_info: z.record(z.string(), z.unknown()).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
})

/** One tool server as it is written in the file or sent over REST. */
export const mcpServerBody = form
  .superRefine((body, context) => {
    const issue = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message })
    checkTransport(body, issue)
    for (const member of ['authorization_url', 'token_url', 'registration_url'] as const)
      if (body[member] && !isWebUrl(body[member])) issue(member, 'must be an absolute http or https URL')
    for (const header of listUnknownHeaders(body))
      issue('env', `the header ${header} is not among extra_headers`)
    for (const name of body.extra_headers ?? [])
      if (credentialHeaders.has(name.toLowerCase()))
        issue('extra_headers', `${name} carries credentials of callers and never goes to a tool server`)
  })
  .transform(
    (body): McpServerSettings => ({
      ...readIdentity(body),
      ...readConnection(body),
      ...readCuration(body),
      ...readAccess(body),
    }),
  )

type Form = z.infer<typeof form>

function checkTransport(body: Form, issue: (path: string, message: string) => void): void {
  const isStdio = transports[body.transport] === 'stdio'
  if (isStdio && !body.command) issue('command', 'a stdio server needs a command')
  if (!isStdio && !body.url) issue('url', 'this transport needs a url')
  for (const member of ['run_as', 'limits', 'eager'] as const)
    if (!isStdio && body[member]) issue(member, 'is for programs (transport stdio)')
  for (const line of [body.command ?? '', body.cwd ?? '', ...(body.args ?? [])])
    if (/[\0\r\n]/.test(line)) issue('args', 'NUL and line breaks are not allowed here')
}

type Part<Name extends keyof McpServerSettings> = Pick<McpServerSettings, Name>

function readIdentity(
  body: Form,
): Part<'serverId' | 'name' | 'alias' | 'description' | 'instructions' | 'info' | 'metadata'> {
  return {
    serverId: body.server_id,
    name: body.name ?? body.server_name ?? body.alias ?? body.server_id,
    alias: body.alias ?? shortened(body.server_name),
    description: body.description ?? null,
    instructions: body.instructions ?? null,
    info: body.mcp_info ?? {},
    metadata: withoutSecrets(body.metadata ?? {}),
  }
}

type Connection = Part<'transport' | 'writtenTransport' | 'url' | 'specPath' | 'protocolEra'> &
  ReturnType<typeof readProgram>

function readConnection(body: Form): Connection & ReturnType<typeof readCredentials> {
  return {
    transport: transports[body.transport] ?? 'streamable_http',
    writtenTransport: body.transport,
    url: body.url || null,
    specPath: body.spec_path ?? null,
    protocolEra: body.protocol_era ?? 'auto',
    ...readProgram(body),
    ...readCredentials(body),
  }
}

function readProgram(body: Form): Part<'command' | 'args' | 'cwd' | 'env' | 'runsAs' | 'limits' | 'isEager'> {
  const { limits } = body
  return {
    command: body.command ?? null,
    args: body.args ?? [],
    cwd: body.cwd ?? null,
    env: body.env ?? {},
    isEager: body.eager ?? false,
    runsAs: body.run_as ?? null,
    limits: {
      memoryMb: limits?.memory_mb ?? null,
      cpuSeconds: limits?.cpu_seconds ?? null,
      openFiles: limits?.open_files ?? null,
      processes: limits?.processes ?? null,
      fileMb: limits?.file_mb ?? null,
    },
  }
}

function readCredentials(
  body: Form,
): Part<'authType' | 'oauth' | 'isByok' | 'authValue' | 'staticHeaders' | 'extraHeaders'> {
  const metadata = body.metadata ?? {}
  return {
    authType: body.auth_type ?? 'none',
    oauth: readOAuth(body),
    isByok: body.is_byok ?? false,
    authValue: firstText(
      ...[body.auth_value, body.authentication_token, body.credentials?.['auth_value']],
      ...[metadata['auth_token'], metadata['api_key']],
    ),
    staticHeaders: body.static_headers ?? body.headers ?? {},
    extraHeaders: (body.extra_headers ?? []).map((name) => name.toLowerCase()),
  }
}

/** Who brings a client's secret and a token endpoint and no page to sign in at means the gateway's own account. */
function readOAuth(body: Form): McpOAuthSettings {
  const { credentials } = body
  const clientId = firstText(body.client_id, credentials?.['client_id'])
  const clientSecret = firstText(body.client_secret, credentials?.['client_secret'])
  const isMachine = clientSecret !== null && Boolean(body.token_url) && !body.authorization_url
  return {
    flow: body.oauth2_flow ?? (isMachine ? 'client_credentials' : 'authorization_code'),
    authorizationUrl: body.authorization_url || null,
    tokenUrl: body.token_url || null,
    registrationUrl: body.registration_url || null,
    scopes: body.scopes ?? textsOf(credentials?.['scopes']),
    clientId,
    clientSecret,
  }
}

/** Headers that variables are made of and that the operator does not let through. */
function listUnknownHeaders({ env, extra_headers }: Form): string[] {
  const letThrough = new Set(extra_headers?.map((name) => name.toLowerCase()))
  return Object.values(env ?? {})
    .flatMap((value) => [...value.matchAll(headerReference)])
    .flatMap(([, header = '']) => (letThrough.has(header.toLowerCase()) ? [] : [header]))
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}

type Curation = Part<
  | 'allowedTools'
  | 'disallowedTools'
  | 'displayNames'
  | 'displayDescriptions'
  | 'approvesOnFirstUse'
  | 'declaredTools'
  | 'declaredResources'
>

function readCuration(body: Form): Curation {
  return {
    allowedTools: body.allowed_tools ?? [],
    disallowedTools: body.disallowed_tools ?? [],
    displayNames: body.tool_name_to_display_name ?? {},
    displayDescriptions: body.tool_name_to_description ?? {},
    approvesOnFirstUse: body.approve_on_first_use ?? true,
    declaredTools: body.tools ?? [],
    declaredResources: body.resources ?? [],
  }
}

function readAccess(body: Form): Part<'accessGroups' | 'teams' | 'allowAllKeys' | 'isPublic'> {
  const groups = [
    ...(body.access_groups ?? []),
    ...(body.mcp_access_groups ?? []),
    ...textsOf(body.metadata?.['access_groups']),
  ]
  return {
    accessGroups: [...new Set(groups)],
    teams: body.teams ?? [],
    allowAllKeys: body.allow_all_keys ?? false,
    isPublic: body.is_public ?? false,
  }
}

/** A name that can stand in paths and in names of tools. */
function shortened(name: string | null | undefined): string | null {
  return name && alias.safeParse(name).success ? name : null
}

function firstText(...values: unknown[]): string | null {
  const found = values.find((value) => typeof value === 'string' && value !== '')
  return found === undefined ? null : String(found)
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** What looks like a secret is not kept as metadata, which can be read. */
function withoutSecrets(metadata: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !secretName.test(name)))
}

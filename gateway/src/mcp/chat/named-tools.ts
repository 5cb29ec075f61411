import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import { readList, readRecord } from '../../conversation/json-value.ts'

const approval = z.union([
  z.enum(['always', 'never']),
  z.object({
    always: z.object({ tool_names: z.array(z.string()) }).nullish(),
    never: z.object({ tool_names: z.array(z.string()) }).nullish(),
  }),
])
const namedTool = z.object({
  type: z.literal('mcp'),
  server_label: z.string().max(256).nullish(),
  server_url: z.string().min(1).max(2_048),
  authorization: z.string().max(16_384).nullish(),
  require_approval: approval.nullish(),
  allowed_tools: z
    .union([
      z.array(z.string()),
      z.object({ tool_names: z.array(z.string()) }).transform((one) => one.tool_names),
    ])
    .nullish(),
  headers: z.record(z.string(), z.string()).nullish(),
})

/** One entry of a request that names servers behind the gateway. */
export interface NamedTool {
  /** What the client calls it; null when it does not say. */
  readonly label: string | null
  /** Null for every server the caller may see. */
  readonly selector: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly allows: (tool: string) => boolean
  /** The caller wants to be asked first. */
  readonly needsApproval: (tool: string) => boolean
  /** The caller has said of this very tool, or of all, that it may be called without asking. */
  readonly agreesTo: (tool: string) => boolean
}

/** Finds out which servers behind the gateway an address means. */
export interface AddressBook {
  /** The gateway's own address, without a slash at the end; null when nobody configured it. */
  readonly publicUrl: string | null
  /** The id of the server that is registered with an address. */
  findByUrl(url: string): string | null
}

export function isNamed(tool: unknown): boolean {
  return typeof tool === 'object' && tool !== null && (tool as { type?: unknown }).type === 'mcp'
}

/**
 * Reads an entry of `tools`. Null for one whose server is not behind the gateway: the provider may know it. Errors: 400
 * `invalid_request` for an entry that cannot be read.
 */
export function readNamedTool(tool: unknown, index: number, book: AddressBook): NamedTool | null {
  // A connector of the provider's.
  if (readRecord(tool)?.['server_url'] === undefined && readRecord(tool)?.['connector_id'] !== undefined)
    return null
  const parsed = namedTool.safeParse(tool)
  if (!parsed.success)
    throw new GatewayError('invalid_request', z.prettifyError(parsed.error), { param: `tools[${index}]` })
  const { server_url, server_label, allowed_tools, require_approval, headers, authorization } = parsed.data
  const selector = findSelector(server_url, book)
  if (selector === null) return null
  return {
    ...selector,
    label: server_label ?? null,
    headers: { ...headers, ...(authorization && { authorization: `Bearer ${authorization}` }) },
    allows: (name) => allowed_tools === null || allowed_tools === undefined || allowed_tools.includes(name),
    needsApproval: (name) => wantsToBeAsked(require_approval, name),
    agreesTo: (name) => !wantsToBeAsked(require_approval, name),
  }
}

function wantsToBeAsked(asked: z.infer<typeof approval> | null | undefined, name: string): boolean {
  if (asked === 'never') return false
  if (asked === 'always' || asked === null || asked === undefined) return true
  if (asked.never?.tool_names.includes(name)) return false
  return asked.never !== null && asked.never !== undefined
    ? true
    : (asked.always?.tool_names.includes(name) ?? true)
}

const toolSwitch = z.object({ enabled: z.boolean().nullish() }).nullish()
const namedServer = z.object({
  type: z.literal('url'),
  url: z.string().min(1).max(2_048),
  name: z.string().min(1).max(256),
  authorization_token: z.string().max(16_384).nullish(),
  tool_configuration: z
    .object({ enabled: z.boolean().nullish(), allowed_tools: z.array(z.string()).nullish() })
    .nullish(),
})
const toolset = z.object({
  type: z.literal('mcp_toolset'),
  mcp_server_name: z.string(),
  default_config: toolSwitch,
  configs: z.record(z.string(), toolSwitch).nullish(),
})

/** Reads an entry of `mcp_servers`, the form of Messages, whose tools are called without asking. Null and errors as above. */
export function readNamedServer(
  server: unknown,
  index: number,
  tools: unknown,
  book: AddressBook,
): NamedTool | null {
  const parsed = namedServer.safeParse(server)
  if (!parsed.success)
    throw new GatewayError('invalid_request', z.prettifyError(parsed.error), {
      param: `mcp_servers[${index}]`,
    })
  const { url, name: label, authorization_token: token, tool_configuration: configuration } = parsed.data
  const selector = findSelector(url, book)
  if (selector === null) return null
  const choice = readList(tools)
    .map((tool) => toolset.safeParse(tool).data)
    .find((set) => set?.mcp_server_name === label)
  const isOn = (name: string): boolean =>
    choice?.configs?.[name]?.enabled ?? choice?.default_config?.enabled ?? true
  return {
    ...selector,
    label,
    headers: token ? { authorization: `Bearer ${token}` } : {},
    allows: (name) =>
      configuration?.enabled !== false &&
      (configuration?.allowed_tools?.includes(name) ?? true) &&
      isOn(name),
    needsApproval: () => false,
    agreesTo: (name) =>
      (configuration?.allowed_tools?.includes(name) ?? false) || choice?.configs?.[name]?.enabled === true,
  }
}

/** `litellm_proxy`, `routeiq`, our own address, each with `/mcp/{selector}` or without; or a registered server's. */
function findSelector(url: string, book: AddressBook): Pick<NamedTool, 'selector'> | null {
  const own = ['litellm_proxy', 'routeiq', ...(book.publicUrl === null ? [] : [book.publicUrl])]
  const base = own.find((name) => url === name || url.startsWith(`${name}/`))
  if (base !== undefined) {
    const path = url.slice(base.length).replace(/\/+$/, '')
    if (path === '' || path === '/mcp') return { selector: null }
    const selector = /^\/mcp\/([^/]+)$/.exec(path)?.[1]
    if (selector !== undefined) return { selector: decodeURIComponent(selector) }
  }
  const registered = book.findByUrl(url)
  return registered === null ? null : { selector: registered }
}

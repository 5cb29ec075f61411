import { createHash } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { ModelRequest } from '../../pipeline/model-request.ts'

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
  require_approval: approval.nullish(),
  allowed_tools: z
    .union([
      z.array(z.string()),
      z.object({ tool_names: z.array(z.string()) }).transform((one) => one.tool_names),
    ])
    .nullish(),
  headers: z.record(z.string(), z.string()).nullish(),
})

/** One entry of a request's `tools` that names servers behind the gateway. */
export interface NamedTool {
  /** Null for every server the caller may see. */
  readonly selector: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly allows: (tool: string) => boolean
  /** The caller wants to be asked first. */
  readonly needsApproval: (tool: string) => boolean
}

/** Finds out which servers behind the gateway an address means. */
export interface AddressBook {
  /** The gateway's own address, without a slash at the end; null when nobody configured it. */
  readonly publicUrl: string | null
  /** The id of the server that is registered with an address. */
  findByUrl(url: string): string | null
}

/** Whether a request names servers that somebody has to answer for. */
export function bringsTools({ body }: ModelRequest): boolean {
  const { tools } = body
  return Array.isArray(tools) && tools.some(isNamed)
}

export function isNamed(tool: unknown): boolean {
  return typeof tool === 'object' && tool !== null && (tool as { type?: unknown }).type === 'mcp'
}

/** Errors: 400 `invalid_request` for an entry that cannot be read or names a server that is not behind the gateway. */
export function readNamedTool(tool: unknown, index: number, book: AddressBook): NamedTool {
  const param = `tools[${index}]`
  const parsed = namedTool.safeParse(tool)
  if (!parsed.success) throw new GatewayError('invalid_request', z.prettifyError(parsed.error), { param })
  const { server_url: url, allowed_tools: allowed, require_approval: asked, headers } = parsed.data
  return {
    selector: readSelector(url, book, `${param}.server_url`),
    headers: headers ?? {},
    allows: (name) => allowed === null || allowed === undefined || allowed.includes(name),
    needsApproval: (name) => {
      if (asked === 'never') return false
      if (asked === 'always' || asked === null || asked === undefined) return true
      if (asked.never?.tool_names.includes(name)) return false
      return asked.never !== null && asked.never !== undefined
        ? true
        : (asked.always?.tool_names.includes(name) ?? true)
    },
  }
}

/** `litellm_proxy`, `routeiq`, our own address, each with `/mcp/{selector}` or without; or a registered server's. */
function readSelector(url: string, book: AddressBook, param: string): string | null {
  const own = ['litellm_proxy', 'routeiq', ...(book.publicUrl === null ? [] : [book.publicUrl])]
  const base = own.find((name) => url === name || url.startsWith(`${name}/`))
  if (base !== undefined) {
    const path = url.slice(base.length).replace(/\/+$/, '')
    if (path === '' || path === '/mcp') return null
    const selector = /^\/mcp\/([^/]+)$/.exec(path)?.[1]
    if (selector !== undefined) return decodeURIComponent(selector)
  }
  const registered = book.findByUrl(url)
  if (registered !== null) return registered
  throw new GatewayError(
    'invalid_request',
    'This tool server is not behind the gateway. Register it, or name one with litellm_proxy/mcp/<server>.',
    { param },
  )
}

/** A name models accept for a function: other characters replaced, and cut with a digest where it is too long. */
export function functionName(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_-]/g, '_')
  if (plain.length <= 64) return plain
  return `${plain.slice(0, 55)}_${createHash('sha256').update(name).digest('hex').slice(0, 8)}`
}

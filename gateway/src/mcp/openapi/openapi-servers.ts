import { parse } from 'yaml'
import { redactText } from '../../telemetry/redact.ts'
import { readDefinition } from '../catalogue/definition.ts'
import type { ServerOffer } from '../catalogue/server-state.ts'
import { aliasOf, type McpServer } from '../server.ts'
import { identityHeaders, type UpstreamIdentity } from '../upstream/credentials.ts'
import type { Fetch } from '../upstream/guarded-fetch.ts'
import { UpstreamFailure } from '../upstream/upstream-failure.ts'
import type { McpResult } from '../upstream/upstream-session.ts'
import { type Operation, readOperations } from './read-operations.ts'

const maxDocumentBytes = 5 * 1_048_576
const maxErrorCharacters = 16_384

export interface OpenApiOptions {
  readonly fetches: Readonly<Record<McpServer['source'], Fetch>>
  /** Reads a file the operator named. */
  readonly readFile: (path: string) => Promise<string>
}

/** Servers whose tools are the operations of an OpenAPI document. */
export class OpenApiServers {
  readonly #options: OpenApiOptions
  readonly #operations = new WeakMap<McpServer, ReadonlyMap<string, Operation>>()

  constructor(options: OpenApiOptions) {
    this.#options = options
  }

  owns({ settings }: McpServer): boolean {
    return settings.specPath !== null
  }

  /** Reads the document anew. Errors: rejects when it cannot be read. */
  async readOffer(server: McpServer, signal: AbortSignal): Promise<ServerOffer> {
    const operations = readOperations(await this.#readDocument(server, signal))
    this.#operations.set(server, new Map(operations.map((operation) => [operation.name, operation])))
    return {
      tools: operations.map(({ name, description }) => readDefinition('tool', name, description)),
      ...{ prompts: [], templates: [], resources: [], capabilities: { tools: {} }, instructions: null },
      freshMs: {},
      ...{ era: 'modern', protocolVersion: 'openapi' },
    }
  }

  /** Calls the operation a tool stands for. */
  async call(
    server: McpServer,
    identity: UpstreamIdentity,
    params: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<McpResult> {
    const operation = this.#operations.get(server)?.get(String(params['name']))
    if (operation === undefined)
      throw new UpstreamFailure('rpc', `Unknown tool: ${String(params['name'])}`, -32_602)
    const args = (params['arguments'] ?? {}) as Readonly<Record<string, unknown>>
    const account = await identityHeaders(identity)
    const response = await this.#options.fetches[server.source](urlOf(server, operation, args), {
      method: operation.method,
      headers: { accept: 'application/json, */*', ...headersOf(operation, args), ...account },
      ...(operation.hasBody && args['body'] !== undefined && { body: JSON.stringify(args['body']) }),
      signal,
    })
    return resultOf(response.status, await response.text())
  }

  async #readDocument(server: McpServer, signal: AbortSignal): Promise<unknown> {
    const { specPath } = server.settings
    if (typeof specPath !== 'string') return specPath
    const text = /^https?:/.test(specPath)
      ? await this.#fetchDocument(server, specPath, signal)
      : await this.#readLocal(server, specPath)
    if (Buffer.byteLength(text) > maxDocumentBytes) throw new Error('the document is too large')
    return parse(text) as unknown
  }

  async #fetchDocument(server: McpServer, url: string, signal: AbortSignal): Promise<string> {
    const response = await this.#options.fetches[server.source](url, { signal })
    if (response.status === 200) return response.text()
    throw new UpstreamFailure(
      'unreachable',
      `The document of ${aliasOf(server)} was not there (${response.status}).`,
    )
  }

  async #readLocal(server: McpServer, path: string): Promise<string> {
    if (server.source === 'config') return this.#options.readFile(path)
    throw new UpstreamFailure('blocked', 'Only servers of the configuration file can name a file.')
  }
}

/** Below the registered address, never one of the document's own. A value stays in its segment. */
function urlOf(
  { settings }: McpServer,
  { path, parameters }: Operation,
  args: Readonly<Record<string, unknown>>,
): string {
  let filled = path
  const query = new URLSearchParams()
  for (const { place, key, argument } of parameters) {
    const value = args[argument]
    if (value === undefined || value === null) continue
    if (place === 'path') filled = filled.replaceAll(`{${key}}`, encodeSegment(textOf(value)))
    if (place === 'query')
      for (const item of Array.isArray(value) ? value : [value]) query.append(key, textOf(item))
  }
  const url = new URL(settings.url ?? '')
  url.pathname = url.pathname.replace(/\/+$/, '') + filled
  for (const [key, value] of query) url.searchParams.append(key, value)
  return url.href
}

function encodeSegment(text: string): string {
  if (text === '.' || text === '..' || text === '')
    throw new UpstreamFailure('rpc', 'A value of the path may not be empty or dots alone.', -32_602)
  return encodeURIComponent(text)
}

function headersOf(
  { parameters, hasBody }: Operation,
  args: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const headers: Record<string, string> = hasBody ? { 'content-type': 'application/json' } : {}
  for (const { place, key, argument } of parameters) {
    const value = args[argument]
    if (place === 'header' && value !== undefined && value !== null)
      headers[key.toLowerCase()] = textOf(value).replaceAll(/[\r\n\0]/g, ' ')
  }
  return headers
}

function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function resultOf(status: number, text: string): McpResult {
  if (status >= 400) {
    const shown = redactText(text.slice(0, maxErrorCharacters))
    return { content: [{ type: 'text', text: `Status ${status}: ${shown}` }], isError: true }
  }
  const content = [{ type: 'text', text }]
  try {
    const parsed = JSON.parse(text) as unknown
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
    return isObject ? { content, structuredContent: parsed } : { content }
  } catch {
    return { content }
  }
}

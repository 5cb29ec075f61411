import type { Deployment } from '../deployments/deployment.ts'
import { readClientCredential, replaceHeaders } from './client-credentials.ts'
import type { ModelRequest } from './model-request.ts'

/** Client headers that mean the same to every provider; credentials and everything else stop here. */
const always = ['tracestate', 'idempotency-key']
const never =
  /^x-(?:api-key|goog-api-key|litellm-|routeiq-|admin-|request-id|forwarded|real-ip|team-id|user-id|stainless-)/

/**
 * The header list of an upstream call. Returns the deployment's own list when nothing is added, so that the
 * transport can recognise it.
 */
export function forwardedHeaders(
  request: ModelRequest,
  deployment: Deployment,
  extra: readonly string[],
): readonly string[] {
  const { headers } = request.exchange.request
  const credential = readClientCredential(request, deployment)
  const own = credential === null ? deployment.headers : replaceHeaders(deployment.headers, credential)
  const added = new AddedHeaders(own)
  for (let index = 0; index + 1 < extra.length; index += 2)
    added.add(extra[index] as string, extra[index + 1] as string)
  const traceparent = request.exchange.trace?.startCall() ?? headers['traceparent']
  if (traceparent !== undefined) added.add('traceparent', traceparent)
  for (const name of always) {
    const value = headers[name]
    if (typeof value === 'string') added.add(name, value)
  }
  addThoseOfDialect(request, deployment, added)
  if (request.runtime.config.requests.forwardClientHeaders) addOthers(request, added)
  const prefix = deployment.provider.quirks.forwardedHeaderPrefix
  if (prefix !== undefined) addPrefixed(request, prefix, added)
  return added.list
}

/** Headers that mean the same to a provider of the client's own dialect. */
function addThoseOfDialect(
  { exchange, protocol }: ModelRequest,
  { wire, provider }: Deployment,
  added: AddedHeaders,
): void {
  if (wire.dialect !== protocol.id) return
  for (const name of protocol.forwardedHeaders) {
    const value = exchange.request.headers[name]
    if (typeof value !== 'string') continue
    const accepted = wire.filterHeader === undefined ? value : wire.filterHeader(name, value, provider)
    if (accepted !== null) added.add(name, accepted)
  }
}

/** Headers that speak to a gateway behind this one. */
function addPrefixed({ exchange, runtime }: ModelRequest, prefix: string, added: AddedHeaders): void {
  const keyHeader = runtime.config.identity.keyHeaderName?.toLowerCase()
  const { headers } = exchange.request
  for (const name in headers) {
    const value = headers[name]
    const isCredential = name.endsWith('-key') || name === keyHeader
    if (typeof value === 'string' && name.startsWith(prefix) && !isCredential) added.add(name, value)
  }
}

/** The operator asked for the client's `x-` headers too; those it sets itself stay as they are. */
function addOthers({ exchange, runtime }: ModelRequest, added: AddedHeaders): void {
  const keyHeader = runtime.config.identity.keyHeaderName?.toLowerCase()
  const { headers } = exchange.request
  for (const name in headers) {
    const value = headers[name]
    if (typeof value !== 'string' || !name.startsWith('x-') || never.test(name) || name === keyHeader)
      continue
    if (!added.has(name)) added.add(name, value)
  }
}

/** Headers that hold a list: what both sides say is joined. */
const lists = new Set(['anthropic-beta', 'openai-beta'])

/** A header list that is copied only when something is really added to it. */
class AddedHeaders {
  readonly #own: readonly string[]
  #changed: string[] | null = null

  constructor(own: readonly string[]) {
    this.#own = own
  }

  get list(): readonly string[] {
    return this.#changed ?? this.#own
  }

  /** A header the list has already is replaced or, where it holds a list itself, extended. */
  add(name: string, value: string): void {
    const at = this.#find(name)
    if (at === -1) {
      this.#changed ??= [...this.#own]
      this.#changed.push(name, value)
      return
    }
    const present = this.list[at + 1] as string
    const combined = lists.has(name) ? joinLists(present, value) : value
    if (combined === present) return
    this.#changed ??= [...this.#own]
    this.#changed[at + 1] = combined
  }

  has(name: string): boolean {
    return this.#find(name) !== -1
  }

  #find(name: string): number {
    const { list } = this
    for (let index = 0; index < list.length; index += 2) if (list[index] === name) return index
    return -1
  }
}

function joinLists(first: string, second: string): string {
  const members = [...first.split(','), ...second.split(',')].map((member) => member.trim())
  return [...new Set(members)].filter((member) => member !== '').join(',')
}

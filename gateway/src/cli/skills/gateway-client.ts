/** What ended a command, in the terms of exit codes: 1 failed, 2 wrong usage, 3 not allowed, 4 no answer. */
export class CommandFailure extends Error {
  readonly exitCode: 1 | 2 | 3 | 4
  /** The status the gateway answered with; null when it did not answer. */
  readonly status: number | null

  constructor(message: string, exitCode: 1 | 2 | 3 | 4 = 1, status: number | null = null) {
    super(message)
    this.exitCode = exitCode
    this.status = status
  }
}

export type Json = Readonly<Record<string, unknown>>

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Members that are undefined are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: unknown
  /** How long the answer may take; long work (a benchmark) asks for more. */
  readonly timeoutMs?: number
}

const unreachableStatuses: ReadonlySet<number> = new Set([502, 503, 504])
const longestErrorText = 600

/** The REST interface of a gateway, as the commands use it. Every failure is a CommandFailure that says what to do. */
export class GatewayClient {
  readonly baseUrl: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #hasKey: boolean

  constructor(baseUrl: string, apiKey: string | undefined, workspace: string | undefined) {
    if (!/^https?:\/\//.test(baseUrl))
      throw new CommandFailure(`the gateway's address ${baseUrl} needs http:// or https://`, 2)
    this.baseUrl = baseUrl.replace(/\/+$/, '')
    this.#hasKey = apiKey !== undefined
    this.#headers = {
      accept: 'application/json',
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      ...(workspace === undefined ? {} : { 'x-workspace-id': workspace }),
    }
  }

  get(path: string, query: RequestOptions['query'] = {}): Promise<Json> {
    return this.request(path, { query })
  }

  post(path: string, body: unknown, query: RequestOptions['query'] = {}): Promise<Json> {
    return this.request(path, { method: 'POST', body, query })
  }

  /** The parsed answer; an answer that is no JSON object counts as a failure. */
  async request(path: string, options: RequestOptions = {}): Promise<Json> {
    const answer = await this.#send(path, options)
    const text = await answer.text()
    const json = parseObject(text)
    if (!answer.ok) throw this.#refusal(path, answer.status, json, text)
    if (json === null)
      throw new CommandFailure(`${this.baseUrl}${path} did not answer with JSON: is it a gateway?`)
    return json
  }

  async #send(
    path: string,
    { method = 'GET', query = {}, body, timeoutMs = 30_000 }: RequestOptions,
  ): Promise<Response> {
    const url = new URL(`${this.baseUrl}${path}`)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    try {
      return await fetch(url, {
        method,
        headers:
          body === undefined ? this.#headers : { ...this.#headers, 'content-type': 'application/json' },
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    } catch (error) {
      throw new CommandFailure(
        `${this.baseUrl} does not answer (${reasonOf(error)}). Is the gateway running there? --base-url or ROUTEIQ_BASE_URL say where it is.`,
        4,
      )
    }
  }

  #refusal(path: string, status: number, json: Json | null, text: string): CommandFailure {
    const said = json === null ? text.slice(0, longestErrorText) : describeError(json)
    if (status === 401 || status === 403) {
      const hint = this.#hasKey
        ? 'the key is not allowed to'
        : 'no key was sent: set ROUTEIQ_API_KEY or --api-key'
      return new CommandFailure(`${path}: ${said} (HTTP ${status}; ${hint})`, 3, status)
    }
    return new CommandFailure(
      `${path}: ${said} (HTTP ${status})`,
      unreachableStatuses.has(status) ? 4 : 1,
      status,
    )
  }
}

/** A skill's name as a part of a path: `owner/name` keeps its slash, everything else is escaped. */
export function skillPath(skill: string, suffix = ''): string {
  return `/api/v1/skills/${escapeName(skill)}${suffix}`
}

export function registryPath(skill: string, suffix = ''): string {
  return `/api/v1/registry/skills/${escapeName(skill)}${suffix}`
}

function escapeName(skill: string): string {
  return skill.split('/').map(encodeURIComponent).join('/')
}

function parseObject(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null
  } catch {
    return null
  }
}

/** The text of an error answer: each field of a 422 on a line, else what `detail` says. */
function describeError(json: Json): string {
  const { detail, details, error } = json as {
    detail?: unknown
    details?: { errors?: unknown }
    error?: unknown
  }
  const fields = details?.errors
  if (Array.isArray(fields) && fields.length > 0)
    return (fields as { field?: string; message?: string }[])
      .map(({ field, message }) => `${field}: ${message}`)
      .join('\n  ')
  if (typeof detail === 'string') return detail
  const { message, reason } = (detail ?? error ?? {}) as { message?: unknown; reason?: unknown }
  if (typeof message === 'string') return typeof reason === 'string' ? `${reason}: ${message}` : message
  return JSON.stringify(detail ?? json).slice(0, longestErrorText)
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return 'no answer in time'
  const cause = error.cause as { code?: string; message?: string } | undefined
  return cause?.code ?? cause?.message ?? error.message
}

import { isUtf8 } from 'node:buffer'
import { GatewayError } from '@routeiq/contract'
import { type ZodType, z } from 'zod'
import type { Endpoint } from '../http/dispatch.ts'
import type { Exchange } from '../http/exchange.ts'
import { OctetText } from '../http/octet-text.ts'
import { queryOf } from '../http/path.ts'
import { readBody } from '../http/read-body.ts'
import type { Caller } from '../identity/caller.ts'
import { authenticate, type Identity } from '../pipeline/authenticate.ts'
import { AuditedRequest } from './audited-request.ts'

const defaultBodyBytes = 1_048_576

export interface ControlRequest<Body> {
  readonly exchange: Exchange
  /** Null on public routes. */
  readonly caller: Caller | null
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly body: Body
}

export interface ControlAnswer {
  readonly status?: number
  /** A flat name, value list. */
  readonly headers?: readonly string[]
  /** A Buffer or an `OctetText` is sent as it is: JSON text, unless the headers give another type. */
  readonly body: unknown
}

export interface ControlEndpointOptions<Body> {
  readonly identity: Identity
  /** Management routes answer errors in the OpenAI envelope, the control plane in its own. */
  readonly errors?: Endpoint['errors']
  /** Null for routes without a body. */
  readonly body: ZodType<Body> | null
  /** Refuses a caller before the body is read. */
  readonly admit?: (caller: Caller | null) => void
  /** 1 MiB unless the route takes prompts. */
  readonly maxBodyBytes?: () => number
  /** On admin routes: who else may call them. */
  readonly alsoAdmits?: (caller: Caller) => boolean
  readonly answer: (request: ControlRequest<Body>) => ControlAnswer | Promise<ControlAnswer>
}

/** A route outside the model pipeline: authenticate, read the body by its schema, answer with JSON. */
export function controlEndpoint<Body>(options: ControlEndpointOptions<Body>): Endpoint {
  return {
    errors: options.errors ?? 'control',
    handle: async (exchange, params, route) => {
      const audited = new AuditedRequest(options.identity.audit, exchange, route, params)
      try {
        const caller =
          route.auth === 'public'
            ? null
            : await authenticate(options.identity, exchange, route.auth, options.alsoAdmits)
        options.admit?.(caller)
        await audited.admit(caller)
        const limit = options.maxBodyBytes?.() ?? defaultBodyBytes
        const body =
          options.body === null ? (undefined as Body) : await readControlBody(exchange, options.body, limit)
        audited.read(body)
        const query = queryOf(exchange.target)
        const answer = await options.answer({ exchange, caller, params, query, body })
        await audited.answer(answer.status, answer.body)
        const { operation } = audited
        if (operation !== null && (answer.status ?? 200) < 400) {
          const { action, resourceType } = operation
          const path = exchange.template
          options.identity.plugins?.tell('onManagementOperation', action, resourceType, route.method, path)
        }
        sendAnswer(exchange, answer)
      } catch (error) {
        audited.fail(error)
        throw error
      }
    },
  }
}

function sendAnswer(exchange: Exchange, { status = 200, headers = [], body }: ControlAnswer): void {
  const type = headers.includes('content-type') ? [] : ['content-type', 'application/json']
  if (Buffer.isBuffer(body)) exchange.sendBytes(status, [...type, ...headers], body)
  else if (body instanceof OctetText) exchange.sendBytes(status, [...type, ...headers], body.octets)
  else exchange.sendJson(status, body, headers)
}

/** An empty body equals `{}`. Errors: 422 `validation_failed` with one entry per field. */
async function readControlBody<Body>(
  exchange: Exchange,
  schema: ZodType<Body>,
  limit: number,
): Promise<Body> {
  const bytes = await readBody(exchange.request, limit)
  const parsed = schema.safeParse(bytes.length === 0 ? {} : parseJson(bytes))
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map((issue) => ({
    type: issue.code,
    loc: ['body', ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))],
    msg: issue.message,
  }))
  throw invalid(z.prettifyError(parsed.error), issues)
}

function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw invalid('The body is not valid UTF-8.', [])
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    const message = `The body is not valid JSON: ${(error as Error).message.slice(0, 200)}`
    throw invalid(message, [{ type: 'json_invalid', loc: ['body'], msg: message }])
  }
}

function invalid(message: string, issues: readonly object[]): GatewayError {
  return new GatewayError('validation_failed', message, { extras: { issues } })
}

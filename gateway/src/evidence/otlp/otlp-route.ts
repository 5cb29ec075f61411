import { GatewayError } from '@routeiq/contract'
import { decompressBody } from '../../http/decompress-body.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Exchange } from '../../http/exchange.ts'
import { readBody } from '../../http/read-body.ts'
import type { Route } from '../../http/router.ts'
import { workspaceOf } from '../../identity/workspace.ts'
import { authenticate } from '../../pipeline/authenticate.ts'
import type { QuotaPrincipal } from '../../quotas/quota.ts'
import type { EvidenceDependencies } from '../api/evidence-dependencies.ts'
import { ingestTraces } from '../api/ingest-traces.ts'
import { RepeatedTrace } from '../traces/trace-error.ts'
import { decodeJson, exportRequest } from './decode-json.ts'
import { decodeProtobuf } from './decode-protobuf.ts'
import { type Encoding, type Rejected, sendAccepted, sendRefused } from './export-answer.ts'
import type { ExportedSpan } from './exported-span.ts'
import { spansToTraces } from './spans-to-traces.ts'

const maxBytes = 10 * 1_048_576

/** `POST /v1/traces`: spans of OpenTelemetry, by OTLP over HTTP, in JSON or protobuf. */
export function otlpRoute(deps: EvidenceDependencies): Route<Endpoint> {
  const handler: Endpoint = {
    errors: 'api-v1',
    handle: async (exchange) => {
      const caller = await authenticate(deps.identity, exchange, 'user')
      const workspaceId = workspaceOf(caller, exchange.header('x-workspace-id'))
      const encoding = encodingOf(exchange)
      try {
        const spans = await readExport(exchange, encoding)
        sendAccepted(exchange, encoding, await keep(deps, { workspaceId, keyHash: caller.keyHash }, spans))
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error
        sendRefused(exchange, encoding, error)
      }
    },
  }
  return { method: 'POST', template: '/v1/traces', auth: 'user', aliased: false, handler }
}

/** Errors: 415 for what OTLP does not know. */
function encodingOf(exchange: Exchange): Encoding {
  const type = exchange.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type === 'application/json' || type === 'application/x-protobuf') return type
  throw new GatewayError(
    'unsupported_media_type',
    'Send spans as application/x-protobuf or application/json, as exporters of OTLP over HTTP do.',
  )
}

async function readExport(exchange: Exchange, encoding: Encoding): Promise<readonly ExportedSpan[]> {
  const sent = await readBody(exchange.request, maxBytes)
  const bytes = await decompressBody(sent, exchange.header('content-encoding') ?? 'identity', maxBytes)
  try {
    return encoding === 'application/json' ? decodeJson(parseRequest(bytes)) : decodeProtobuf(bytes)
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError)
      throw new GatewayError('invalid_request', `This is no export of spans: ${error.message}`)
    throw error
  }
}

function parseRequest(bytes: Buffer): ReturnType<typeof exportRequest.parse> {
  const parsed = exportRequest.safeParse(JSON.parse(bytes.toString('utf8')))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new RangeError(`${issue?.path.join('.') || 'body'}: ${issue?.message}`)
}

/** Null when all that is of interest was kept, now or when the same export came before. */
async function keep(
  deps: EvidenceDependencies,
  principal: QuotaPrincipal,
  spans: readonly ExportedSpan[],
): Promise<Rejected | null> {
  const traces = spansToTraces(spans)
  if (traces.length === 0) return null
  const results = await ingestTraces(
    deps,
    principal,
    traces.map(({ body }) => body),
  )
  const refused = results.flatMap((result, index) =>
    'error' in result && !(result.error instanceof RepeatedTrace)
      ? [{ spans: traces[index]?.spans ?? 0, message: result.error.message }]
      : [],
  )
  const [first] = refused
  if (first === undefined) return null
  return { spans: refused.reduce((sum, trace) => sum + trace.spans, 0), message: first.message }
}

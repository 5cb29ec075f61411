import type { IncomingMessage } from 'node:http'

/** A request as it came from the gateway. */
export interface ReceivedRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  /** Name and value in turn, as sent. */
  readonly rawHeaders: readonly string[]
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The same, byte by byte. */
  readonly bytes: Buffer
  /** The body's members; empty when it is no JSON object. */
  readonly json: Readonly<Record<string, unknown>>
  /** `model` of a JSON body or a form, else the one the path names, else `''`. */
  readonly model: string
}

export async function receiveRequest(incoming: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  const body = bytes.toString('utf8')
  const json = parseObject(body)
  const model = json['model']
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    rawHeaders: incoming.rawHeaders,
    headers: Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
    ),
    body,
    bytes,
    json,
    model: typeof model === 'string' ? model : (fieldOf(body, 'model') ?? modelOfPath(incoming.url ?? '')),
  }
}

/** A field of a form, null when there is none. */
export function fieldOf(body: string, name: string): string | null {
  return new RegExp(`name="${name}"\\r\\n\\r\\n([^\\r]*)`).exec(body)?.[1] ?? null
}

/** Google and AWS name the model in the path: `/v1beta/models/{model}:generateContent`, `/model/{model}/converse`. */
function modelOfPath(path: string): string {
  const name = /\/models\/([^:?]+):|\/model\/([^/]+)\//.exec(path)?.slice(1).find(Boolean)
  return name === undefined ? '' : decodeURIComponent(name)
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

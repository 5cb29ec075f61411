import http from 'node:http'

// biome-ignore lint/suspicious/noExplicitAny: tests reach into bodies whose shape they then assert
type Body = any

export interface Answer {
  readonly status: number
  /** Lower-case names; several of one name joined with a comma. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The parsed body; throws when it is not JSON. */
  json(): Body
}

export interface CallOptions {
  readonly method?: string
  /** Sent as `Authorization: Bearer …`. */
  readonly key?: string
  readonly headers?: http.OutgoingHttpHeaders
  /** Objects are sent as JSON. */
  readonly body?: object | string | Buffer
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
  /** The loopback address to come from. */
  readonly localAddress?: string
}

/** One request on a connection of its own, the path exactly as given. Errors: the connection's. */
export function call(url: string, path: string, options: CallOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = openRequest(url, path, options)
    request.once('error', reject)
    request.once('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(
            Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
          ),
          text,
          json: () => JSON.parse(text) as Body,
        })
      })
    })
  })
}

/** The request itself, for tests that leave before the end. */
export function openRequest(url: string, path: string, options: CallOptions = {}): http.ClientRequest {
  const { hostname, port } = new URL(url)
  const body = encodeBody(options.body)
  const request = http.request({
    hostname,
    port,
    path,
    method: options.method ?? (body === undefined ? 'GET' : 'POST'),
    agent: false,
    timeout: options.timeoutMs ?? 15_000,
    headers: {
      ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
      ...options.headers,
    },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
  })
  request.once('timeout', () => request.destroy(new Error('no answer in time')))
  request.end(body)
  return request
}

function encodeBody(body: CallOptions['body']): Buffer | undefined {
  if (body === undefined || Buffer.isBuffer(body)) return body as Buffer | undefined
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

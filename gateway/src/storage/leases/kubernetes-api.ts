import { readFile } from 'node:fs/promises'
import { type RequestOptions, request } from 'node:https'
import { join } from 'node:path'

const mostBytes = 1_048_576
const timeoutMs = 5_000

/** How a pod reaches the API server of its cluster. */
export interface KubernetesAccess {
  readonly host: string
  readonly port: number
  /** Null for the one of the pod. */
  readonly namespace: string | null
  /** The folder of the service account: `token`, `ca.crt`, `namespace`. */
  readonly accountDir: string
}

export interface KubernetesAnswer {
  readonly status: number
  /** An object, or a `Status` that says what is wrong. */
  readonly body: Readonly<Record<string, unknown>>
}

/** One call as the pod's service account, whose token is read each time because clusters replace it. Errors: rejects without an answer. */
export async function callKubernetes(
  access: KubernetesAccess,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: object,
): Promise<KubernetesAnswer> {
  const read = (name: string): Promise<string> => readFile(join(access.accountDir, name), 'utf8')
  const [token, ca] = await Promise.all([read('token'), read('ca.crt')])
  const content = body === undefined ? undefined : JSON.stringify(body)
  return exchange(
    {
      ...{ host: access.host, port: access.port, method, path, ca, timeout: timeoutMs },
      headers: {
        ...{ accept: 'application/json', authorization: `Bearer ${token.trim()}` },
        ...(content !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(content),
        }),
      },
    },
    content,
  )
}

/** The namespace of the pod, unless another one is configured. */
export async function namespaceOf({ namespace, accountDir }: KubernetesAccess): Promise<string> {
  return namespace ?? (await readFile(join(accountDir, 'namespace'), 'utf8')).trim()
}

function exchange(options: RequestOptions, content: string | undefined): Promise<KubernetesAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > mostBytes) sent.destroy(new Error('the answer of the API server is too long'))
        else chunks.push(chunk)
      })
      response.once('error', reject)
      response.once('end', () => {
        try {
          const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as KubernetesAnswer['body']
          resolve({ status: response.statusCode ?? 0, body })
        } catch {
          reject(new Error(`the API server answered ${response.statusCode} without JSON`))
        }
      })
    })
    sent.once('timeout', () => sent.destroy(new Error('the API server does not answer')))
    sent.once('error', reject)
    sent.end(content)
  })
}

import { execFileSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The leases of a cluster, over the wire of its API server. */
export interface KubernetesApi {
  readonly host: string
  readonly port: number
  /** The folder of a service account, as a pod has it. */
  readonly accountDir: string
  readonly leases: ReadonlyMap<string, KubernetesLease>
  /** Called before a lease is written, so that somebody else can be faster. */
  onWrite: (() => void) | null
  /** Somebody else writes to a lease. */
  touch(name: string): void
  /** Takes the rights of the service account away, or gives them back. */
  setAllowed(isAllowed: boolean): void
  replaceToken(): void
  close(): Promise<void>
}

// biome-ignore lint/suspicious/noExplicitAny: what clients send is judged member by member
type KubernetesLease = any

const microTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/
const namespace = 'gateways'
const root = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`

interface Answer {
  readonly code: number
  readonly body: object
}

/** Starts it on 127.0.0.1, with a certificate and a service account of its own. */
export async function startKubernetesApi(): Promise<KubernetesApi> {
  const accountDir = mkdtempSync(join(tmpdir(), 'routeiq-kubernetes-'))
  const certificate = makeCertificate(accountDir)
  const leases = new Map<string, KubernetesLease>()
  let token = ''
  let isAllowed = true
  let version = 1
  const stored = (lease: KubernetesLease, before?: KubernetesLease): KubernetesLease => ({
    ...lease,
    metadata: {
      ...{ uid: randomUUID(), creationTimestamp: new Date().toISOString(), ...before?.metadata },
      ...{ ...lease.metadata, namespace, resourceVersion: String(version++) },
    },
  })
  const server = createServer(certificate, async (request, response) => {
    const { code, body } = await answer(request)
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })

  async function answer(request: IncomingMessage): Promise<Answer> {
    const text = Buffer.concat(await request.toArray()).toString()
    if (request.headers.authorization !== `Bearer ${token}`) return refuse(401, 'Unauthorized')
    if (!isAllowed) return refuse(403, 'Forbidden')
    const { method, url = '' } = request
    if (method === 'POST' && url === root) return create(JSON.parse(text))
    const name = url.startsWith(`${root}/`) ? url.slice(root.length + 1) : ''
    const found = leases.get(name)
    if (found === undefined || (method !== 'GET' && method !== 'PUT')) return refuse(404, 'NotFound')
    return method === 'GET' ? { code: 200, body: found } : replace(name, JSON.parse(text))
  }

  function create(lease: KubernetesLease): Answer {
    api.onWrite?.()
    const { name } = lease.metadata
    if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name) || !isSound(lease)) return refuse(422, 'Invalid')
    if (leases.has(name)) return refuse(409, 'AlreadyExists')
    leases.set(name, stored(lease))
    return { code: 201, body: leases.get(name) }
  }

  function replace(name: string, lease: KubernetesLease): Answer {
    api.onWrite?.()
    const before = leases.get(name)
    const { resourceVersion } = lease.metadata
    if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion)
      return refuse(409, 'Conflict')
    if (!isSound(lease)) return refuse(422, 'Invalid')
    leases.set(name, stored(lease, before))
    return { code: 200, body: leases.get(name) }
  }

  const api: KubernetesApi = {
    host: '127.0.0.1',
    port: 0,
    accountDir,
    leases,
    onWrite: null,
    touch: (name) => leases.set(name, stored(leases.get(name), leases.get(name))),
    setAllowed: (isNow) => {
      isAllowed = isNow
    },
    replaceToken: () => {
      token = randomBytes(16).toString('hex')
      writeFileSync(join(accountDir, 'token'), `${token}\n`)
    },
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
      rmSync(accountDir, { recursive: true, force: true })
    },
  }
  api.replaceToken()
  writeFileSync(join(accountDir, 'namespace'), namespace)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(api, { port: (server.address() as AddressInfo).port })
}

const refuse = (code: number, reason: string): Answer => ({
  code,
  body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code, message: `leases: ${reason}` },
})

function isSound({ apiVersion, kind, spec }: KubernetesLease): boolean {
  const { leaseDurationSeconds, acquireTime, renewTime, leaseTransitions } = spec
  return (
    apiVersion === 'coordination.k8s.io/v1' &&
    kind === 'Lease' &&
    Number.isInteger(leaseDurationSeconds) &&
    leaseDurationSeconds > 0 &&
    Number.isInteger(leaseTransitions) &&
    [acquireTime, renewTime].every((time) => microTime.test(time))
  )
}

/** For 127.0.0.1, signed by itself; the pod knows it as the CA. */
function makeCertificate(directory: string): { readonly key: Buffer; readonly cert: Buffer } {
  const [key, cert] = [join(directory, 'server.key'), join(directory, 'ca.crt')]
  const subject = ['-subj', '/CN=kubernetes', '-addext', 'subjectAltName=IP:127.0.0.1']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...subject], {
    stdio: 'ignore',
  })
  return { key: readFileSync(key), cert: readFileSync(cert) }
}

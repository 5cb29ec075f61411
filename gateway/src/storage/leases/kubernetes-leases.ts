import type { Lease, LeaseStore } from '../../leadership/lease-store.ts'
import {
  callKubernetes,
  type KubernetesAccess,
  type KubernetesAnswer,
  namespaceOf,
} from './kubernetes-api.ts'

const tokenAnnotation = 'routeiq.io/fencing-token'

/** `coordination.k8s.io/v1`, as far as it matters here; what else is in it is sent back as it came. */
interface LeaseObject {
  readonly metadata: {
    readonly resourceVersion?: string
    readonly annotations?: Readonly<Record<string, string>>
    readonly [member: string]: unknown
  }
  readonly spec?: {
    readonly holderIdentity?: string
    readonly leaseDurationSeconds?: number
    readonly acquireTime?: string
    readonly leaseTransitions?: number
    readonly [member: string]: unknown
  }
  readonly [member: string]: unknown
}

interface Clocks {
  /** Unix milliseconds. */
  readonly now: () => number
  /** Milliseconds of a clock that nobody sets. */
  readonly elapsed: () => number
}

/** A lease as it was last seen, and since when it has looked so. */
interface Sighting {
  readonly version: string
  readonly sinceMs: number
}

/** The service account may not do that. */
export class LeasesRefused extends Error {}

/**
 * Leases of a Kubernetes cluster. They say how long they last but not by whose clock, so the lease of another is over when it has
 * been seen unchanged for that long. Two who write at once are told apart by `resourceVersion`: the later one is refused.
 */
export class KubernetesLeases implements LeaseStore {
  readonly #access: KubernetesAccess
  readonly #clocks: Clocks
  readonly #sightings = new Map<string, Sighting>()

  constructor(access: KubernetesAccess, clocks: Clocks) {
    this.#access = access
    this.#clocks = clocks
  }

  /** Errors: `LeasesRefused` where the service account may not read leases; another where the API server cannot be asked. */
  async requireAccess(name: string): Promise<void> {
    await this.#find(name)
  }

  async acquire(lease: Lease): Promise<number | null> {
    const found = await this.#find(lease.name)
    if (found === null) return this.#write(lease, null, { metadata: { name: objectName(lease.name) } })
    const { holderIdentity = '', leaseDurationSeconds = 0 } = found.spec ?? {}
    const sinceMs = this.#see(lease.name, found)
    const isOver = this.#clocks.elapsed() - sinceMs >= leaseDurationSeconds * 1_000
    if (holderIdentity !== lease.holder && holderIdentity !== '' && !isOver) return null
    return this.#write(lease, holderIdentity === lease.holder ? tokenOf(found) : null, found)
  }

  async release(name: string, holder: string): Promise<void> {
    const found = await this.#find(name)
    if (found === null || found.spec?.holderIdentity !== holder) return
    const spec = { ...found.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: this.#time() }
    // Where somebody was faster, it is not ours any more.
    await this.#call('PUT', name, { ...found, spec }, [200, 404, 409])
  }

  /** Takes or renews it. `token` is that of a lease one has, null for one that changes hands. */
  async #write(
    { name, holder, ttlMs }: Lease,
    token: number | null,
    before: LeaseObject,
  ): Promise<number | null> {
    const next = token ?? Math.max(this.#clocks.now(), (tokenOf(before) ?? 0) + 1)
    const renewTime = this.#time()
    const { leaseTransitions = 0, acquireTime = renewTime } = before.spec ?? {}
    const isNew = before.metadata.resourceVersion === undefined
    const lease: LeaseObject = {
      ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', ...before },
      metadata: {
        ...before.metadata,
        annotations: { ...before.metadata.annotations, [tokenAnnotation]: String(next) },
      },
      spec: {
        ...before.spec,
        ...{ holderIdentity: holder, leaseDurationSeconds: Math.max(1, Math.ceil(ttlMs / 1_000)), renewTime },
        acquireTime: token === null ? renewTime : acquireTime,
        leaseTransitions: token === null && !isNew ? leaseTransitions + 1 : leaseTransitions,
      },
    }
    const answer = await this.#call(isNew ? 'POST' : 'PUT', name, lease, [200, 201, 404, 409])
    if (answer.status >= 400) {
      // One's own lease that somebody else wrote to is looked at again before it is given up.
      if (token !== null) throw new Error('the lease changed while it was renewed')
      return null
    }
    this.#see(name, answer.body as unknown as LeaseObject)
    return next
  }

  async #find(name: string): Promise<LeaseObject | null> {
    const { status, body } = await this.#call('GET', name, undefined, [200, 404])
    return status === 404 ? null : (body as unknown as LeaseObject)
  }

  /** Since when the lease has looked as it does. */
  #see(name: string, { metadata }: LeaseObject): number {
    const version = metadata.resourceVersion ?? ''
    const before = this.#sightings.get(name)
    const seen = before?.version === version ? before : { version, sinceMs: this.#clocks.elapsed() }
    this.#sightings.set(name, seen)
    return seen.sinceMs
  }

  async #call(
    method: 'GET' | 'POST' | 'PUT',
    name: string,
    body: LeaseObject | undefined,
    expected: readonly number[],
  ): Promise<KubernetesAnswer> {
    const namespace = await namespaceOf(this.#access)
    const all = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`
    const path = method === 'POST' ? all : `${all}/${objectName(name)}`
    const answer = await callKubernetes(this.#access, method, path, body)
    if (expected.includes(answer.status)) return answer
    const message = typeof answer.body['message'] === 'string' ? `: ${answer.body['message']}` : ''
    const problem = `the API server answered ${answer.status} to ${method} of a lease${message}`
    throw [401, 403].includes(answer.status) ? new LeasesRefused(problem) : new Error(problem)
  }

  /** With microseconds, as the API server wants its times. */
  #time(): string {
    return new Date(this.#clocks.now()).toISOString().replace('Z', '000Z')
  }
}

function tokenOf({ metadata }: LeaseObject): number | null {
  const token = Number(metadata.annotations?.[tokenAnnotation])
  return Number.isSafeInteger(token) ? token : null
}

/** Names of objects have neither capitals nor underscores. */
function objectName(name: string): string {
  return `routeiq-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`.slice(0, 200).replace(/-+$/, '')
}

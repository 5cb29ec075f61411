import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { gatewayActor } from '../audit/audit-record.ts'
import type { AuditTrail } from '../audit/audit-trail.ts'
import { findCredentials } from '../cloud-accounts/aws/find-credentials.ts'
import { createSignature } from '../cloud-accounts/aws/signature.ts'
import { findGoogleGrant } from '../cloud-accounts/google/google-account.ts'
import type { ConfigSyncConfig, GatewayConfig, RemoteConfig } from '../config/config.ts'
import type { ConfigFlags } from '../config/config-flags.ts'
import type { ConfigDocument } from '../config/load-config.ts'
import { firstSet } from '../config/provider-catalog.ts'
import {
  ConfigSync,
  type ConfigSyncOptions,
  type SyncOutcome,
  type SyncState,
} from '../config-sync/config-sync.ts'
import type { ExchangeBytes, RemoteSource } from '../config-sync/remote-source.ts'
import { createGcsSource } from '../config-sync/sources/gcs-source.ts'
import { createHttpSource } from '../config-sync/sources/http-source.ts'
import { createS3Source } from '../config-sync/sources/s3-source.ts'
import { LeaderElection, type Leadership, soleLeadership } from '../leadership/leader-election.ts'
import type { LeaseStore } from '../leadership/lease-store.ts'
import { findProvider } from '../providers/registry.ts'
import { KeyRing } from '../secrets/key-ring.ts'
import { createSqlSnapshotStore } from '../storage/config-sync/sql-snapshot-store.ts'
import { KubernetesLeases, LeasesRefused } from '../storage/leases/kubernetes-leases.ts'
import { createSqlLeases } from '../storage/leases/sql-leases.ts'
import { AuthorizingTransport } from '../transport/authorizing-transport.ts'
import { refuseOperatorHost } from '../transport/egress/operator-egress.ts'
import { exchangeBytes } from '../transport/fetch-bytes.ts'
import type { Stores } from './hub.ts'
import { createKeyRing } from './key-ring.ts'
import { StartFailure } from './listen.ts'
import { type Environment, readConfiguration } from './load-runtime.ts'
import { createNetworkTransport, createTokenTransport } from './network-transport.ts'
import { readUserFile } from './read-user-file.ts'
import type { Telemetry } from './telemetry.ts'

const snapshotChannel = 'routeiq:config-snapshot'
const maxDocumentBytes = 16 * 1_048_576
const fetchTimeoutMs = 15_000
const defaultRegion = 'us-east-1'

/** What every process of a gateway may ask of the one that fetches the configuration. */
export interface ConfigSyncCalls {
  /** Null where nothing was fetched. */
  document(): Promise<ConfigDocument | null>
  /** Asks the place now; null without one. */
  fetch(): Promise<SyncOutcome | null>
  /** Null without a place. */
  state(): Promise<SyncState | null>
  isLeader(): Promise<boolean>
}

export interface OpenConfigSync extends ConfigSyncCalls {
  /** What the start goes on with; null without a place, or where nothing could be had. */
  readonly firstDocument: ConfigDocument | null
  /** Why the place could not be asked at the start. */
  readonly problem: string | null
  /** From now on what is new is put in force by `apply`. */
  start(sinks: SyncSinks, apply: (document: ConfigDocument) => Promise<void>): void
  /** Whether this replica does what one of them does for all; always where they elect nobody. */
  leads(): boolean
  /** Lets another replica lead, where it was asked for that ahead of a drain. */
  beginDrain(): Promise<void>
  close(): Promise<void>
}

/** Where it is said how the fetching goes. */
interface SyncSinks {
  readonly logger: Telemetry['logger']
  readonly audit: Pick<AuditTrail, 'record'>
}

export interface ConfigSyncParts {
  /** As read from this machine: it names the place, the database and the key to seal with. */
  readonly local: GatewayConfig
  readonly flags: ConfigFlags
  readonly env: Environment
  readonly stores: Pick<Stores, 'database' | 'redis' | 'state'>
  readonly now: () => number
}

/** Finds the configuration to start with, where it is kept elsewhere. Errors: StartFailure when the credentials do not fit together. */
export async function openConfigSync(parts: ConfigSyncParts): Promise<OpenConfigSync> {
  const { configSync } = parts.local
  return configSync.remote === null
    ? openWithoutRemote(parts, configSync)
    : openRemote(parts, configSync, configSync.remote)
}

/** Nothing is fetched, and one of the replicas leads all the same. */
async function openWithoutRemote(
  { stores }: ConfigSyncParts,
  { election }: ConfigSyncConfig,
): Promise<OpenConfigSync> {
  const leadership = createLeadership(election, await openLeases(election, stores), () => {})
  await leadership.start()
  return {
    firstDocument: null,
    problem: null,
    document: async () => null,
    fetch: async () => null,
    state: async () => null,
    ...leading(leadership, election),
    start: () => {},
    close: () => leadership.close(),
  }
}

async function openRemote(
  { local, flags, env, stores, now }: ConfigSyncParts,
  { election, polls, intervalMs }: ConfigSyncConfig,
  remote: RemoteConfig,
): Promise<OpenConfigSync> {
  const network = createNetworkTransport(local.egressProxy, { maxConnectionsPerOrigin: 2 })
  const transport = new AuthorizingTransport(network, now, readUserFile, createTokenTransport(network))
  const limits = { refuseHost: refuseOperatorHost, maxBytes: maxDocumentBytes, timeoutMs: fetchTimeoutMs }
  const configured = createKeyRing(local.identity)
  // Without a key of the operator what was sealed lasts as long as this process.
  const keyRing =
    configured.currentPrefix === null ? new KeyRing([randomBytes(32)], [], randomBytes) : configured
  const sourceId = createHash('sha256').update(JSON.stringify(remote)).digest('hex')
  const place = { table: 'config_snapshots', row: sourceId } as const
  const leases = await openLeases(election, stores)
  let log: ConfigSyncOptions['log'] = () => {}
  const sync: ConfigSync = new ConfigSync({
    source: createSource(remote, env, (request) => exchangeBytes(request, { transport, ...limits })),
    sourceId,
    snapshots: createSqlSnapshotStore(stores.database, now),
    seal: (text) => keyRing.seal(place, text),
    open: (sealed) => keyRing.open(place, sealed),
    leadership: () => leadership,
    ...{ polls, intervalMs },
    judge: (document) => {
      const { config, diagnostics } = readConfiguration(flags, env, { document })
      if (config !== null) return []
      return diagnostics
        .filter(({ severity }) => severity === 'error')
        .map(({ path, message }) => ({ path, message }))
    },
    announce: () => void stores.state.publish(snapshotChannel, '').catch(() => {}),
    log: (level, event, fields) => log(level, event, fields),
    now,
  })
  const leadership = createLeadership(election, leases, () => sync.lead())
  await sync.open()
  await stores.state.subscribe(snapshotChannel, () => void sync.follow())
  return {
    firstDocument: sync.document,
    problem: sync.state.lastError,
    document: async () => sync.document,
    fetch: () => sync.fetch(),
    state: async () => sync.state,
    ...leading(leadership, election),
    start: ({ logger, audit }, apply) => {
      const record = recordSyncs(audit)
      log = (level, event, fields) => {
        logger.log(level, event, fields)
        record(fields)
      }
      sync.start(apply)
    },
    close: async () => {
      await sync.close()
      await leadership.close()
      await transport.close()
    },
  }
}

/** Who leads, as others ask for it, and how the lease is given back. */
function leading(
  leadership: ReturnType<typeof createLeadership>,
  { handsOver }: ConfigSyncConfig['election'],
): Pick<OpenConfigSync, 'isLeader' | 'leads' | 'beginDrain'> {
  const leads = (): boolean => leadership.token !== null
  return {
    leads,
    isLeader: async () => leads(),
    beginDrain: async () => {
      if (handsOver) await leadership.close()
    },
  }
}

/** Every configuration that comes into force is a row of the audit log, and every other reason why none does. */
function recordSyncs(audit: SyncSinks['audit']): (fields: Parameters<ConfigSyncOptions['log']>[2]) => void {
  let lastReason: string | null = null
  return ({ location, reason, version }) => {
    const failure = reason ?? null
    if (failure !== null && failure === lastReason) return
    lastReason = failure
    audit.record({
      ...{ requestId: null, actor: gatewayActor, action: 'system.config.sync' },
      ...{ resourceType: 'configuration', resourceId: location ?? null },
      ...{ outcome: failure === null ? 'success' : 'error', outcomeReason: failure },
      metadata: version === undefined ? {} : { version },
    })
  }
}

/** Null where nobody is elected. Errors: StartFailure where the cluster does not let its pod use leases. */
async function openLeases(
  { backend, kubernetes, lockName }: ConfigSyncConfig['election'],
  { database, redis }: ConfigSyncParts['stores'],
): Promise<LeaseStore | null> {
  if (backend === 'none') return null
  if (backend === 'redis') return redis?.leases ?? null
  const { host } = kubernetes
  if (backend !== 'kubernetes' || host === null) return createSqlLeases(database)
  const leases = new KubernetesLeases(
    { ...kubernetes, host },
    { now: Date.now, elapsed: () => performance.now() },
  )
  try {
    await leases.requireAccess(lockName)
  } catch (error) {
    // An API server that is away for a moment is asked again by the election.
    if (!(error instanceof LeasesRefused)) return leases
    throw new StartFailure(
      `leases of Kubernetes cannot be used: ${error.message}; let the service account get, create and update leases.coordination.k8s.io, or set ROUTEIQ_LEADER_ELECTION_BACKEND`,
    )
  }
  return leases
}

function createLeadership(
  { node, lockName, leaseMs, renewMs }: ConfigSyncConfig['election'],
  leases: LeaseStore | null,
  onElected: () => void,
): Leadership {
  if (leases === null) return soleLeadership
  return new LeaderElection({
    leases,
    name: lockName,
    // A process that was started again under the same name is another holder.
    holder: `${node ?? hostname()}-${process.pid}-${randomUUID()}`,
    ...{ leaseMs, renewMs, onElected },
    now: () => performance.now(),
  })
}

function createSource(remote: RemoteConfig, env: Environment, exchange: ExchangeBytes): RemoteSource {
  try {
    if (remote.kind === 'http') return createHttpSource(remote.url, exchange)
    if (remote.kind === 'gcs') {
      const grant =
        remote.endpoint === null ? findGoogleGrant({ apiKey: null, account: googleAccount(env) }) : null
      return createGcsSource(remote, grant, exchange)
    }
    const account = accountOf('bedrock', env)
    const region = remote.region ?? account['aws_region_name'] ?? defaultRegion
    const credentials = findCredentials(account, region)
    const signature = credentials === null ? null : createSignature('s3', region, credentials)
    return createS3Source({ ...remote, region }, signature, exchange)
  } catch (error) {
    throw new StartFailure(`the remote configuration cannot be read: ${(error as Error).message}`)
  }
}

/** The account that the environment names for a provider of the same cloud. */
function accountOf(providerId: string, env: Environment): Record<string, string> {
  const variables = Object.entries(findProvider(providerId)?.accountVariables ?? {})
  return Object.fromEntries(
    variables.flatMap(([name, names]) => {
      const value = firstSet(names, env)
      return value === null ? [] : [[name, value]]
    }),
  )
}

/** Credentials are JSON, or the file that holds it. */
function googleAccount(env: Environment): Record<string, string> {
  const { vertex_credentials: written, ...account } = accountOf('vertex_ai', env)
  if (written === undefined) return account
  const text = written.trimStart().startsWith('{') ? written : readFileSync(written, 'utf8')
  return { ...account, vertex_credentials: text }
}

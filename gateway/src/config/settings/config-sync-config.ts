import { join } from 'node:path'
import type {
  ConfigSyncConfig,
  ElectionConfig,
  KubernetesConfig,
  RemoteConfig,
  StorageConfig,
} from '../config.ts'
import type { ConfigSections } from './config-sections.ts'

const minimumIntervalMs = 1_000

/** Whether a file is there. */
type HasFile = (path: string) => boolean

/** `CONFIG_*` and `LLMROUTER_HA_MODE`: a configuration that is kept elsewhere, and who fetches it for all replicas. */
export function readConfigSync(
  sections: ConfigSections,
  storage: StorageConfig,
  hasFile: HasFile,
): ConfigSyncConfig {
  const { settings } = sections
  return {
    remote: readRemote(sections),
    polls: settings.boolean('config_sync.enabled'),
    intervalMs: Math.max(minimumIntervalMs, settings.number('config_sync.interval') * 1_000),
    election: readElection(sections, storage, hasFile),
  }
}

/** Of several places the first counts. */
function readRemote(sections: ConfigSections): RemoteConfig | null {
  const [remote = null, ...others] = [
    readS3(sections),
    readGcs(sections),
    readHttp(sections),
    readBucket(sections),
  ].filter((found) => found !== null)
  if (remote !== null && others.length > 0)
    sections.report.warn(
      'config_sync',
      `the configuration is fetched from one place, and ${remote.kind} is it; ${others.map(({ kind }) => kind).join(' and ')} is not asked`,
    )
  return remote
}

function readS3(sections: ConfigSections): RemoteConfig | null {
  const { settings } = sections
  const bucket = settings.text('config_sync.s3_bucket')
  if (bucket === null) return null
  return {
    kind: 's3',
    bucket,
    key: requireKey(sections, 's3'),
    region: settings.text('config_sync.s3_region'),
    endpoint: readAddress(sections, 'config_sync.s3_endpoint', 'CONFIG_S3_ENDPOINT'),
  }
}

function readGcs(sections: ConfigSections): RemoteConfig | null {
  const { settings } = sections
  const bucket = settings.text('config_sync.gcs_bucket')
  if (bucket === null) return null
  const endpoint = readAddress(sections, 'config_sync.gcs_endpoint', 'CONFIG_GCS_ENDPOINT')
  return { kind: 'gcs', bucket, key: requireKey(sections, 'gcs'), endpoint }
}

/** LiteLLM's words for the same places. */
function readBucket(sections: ConfigSections): RemoteConfig | null {
  const { settings, report } = sections
  const bucket = settings.text('process.config_bucket_name')
  if (bucket === null) return null
  const key = settings.text('process.config_bucket_object_key')
  if (key === null)
    report.fatal(
      'LITELLM_CONFIG_BUCKET_OBJECT_KEY',
      'the bucket is set, but not the object in it',
      'set LITELLM_CONFIG_BUCKET_OBJECT_KEY, as in config.yaml',
    )
  const place = { bucket, key: key ?? '' }
  if (settings.text('process.config_bucket_type') === 'gcs')
    return {
      kind: 'gcs',
      ...place,
      endpoint: readAddress(sections, 'config_sync.gcs_endpoint', 'CONFIG_GCS_ENDPOINT'),
    }
  return {
    kind: 's3',
    ...place,
    region: settings.text('config_sync.s3_region'),
    endpoint: readAddress(sections, 'config_sync.s3_endpoint', 'CONFIG_S3_ENDPOINT'),
  }
}

function readHttp(sections: ConfigSections): RemoteConfig | null {
  const url = readAddress(sections, 'config_sync.http_url', 'CONFIG_HTTP_URL')
  return url === null ? null : { kind: 'http', url }
}

function requireKey({ settings, report }: ConfigSections, kind: 's3' | 'gcs'): string {
  const key = settings.text(`config_sync.${kind}_key`)
  const variable = `CONFIG_${kind.toUpperCase()}_KEY`
  if (key === null)
    report.fatal(
      variable,
      `the bucket is set, but not the object in it`,
      `set ${variable}, as in config.yaml`,
    )
  return key ?? ''
}

/** An http or https URL; a host alone is taken for one of http, as emulators are told by. */
function readAddress({ settings, report }: ConfigSections, id: string, variable: string): string | null {
  const written = settings.text(id)
  if (written === null) return null
  const address = written.includes('://') ? written : `http://${written}`
  if (URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)) return address
  report.fatal(variable, 'this is not an http or https URL', 'as in https://config.example/config.yaml')
  return null
}

function readElection(
  { settings, report }: ConfigSections,
  storage: StorageConfig,
  hasFile: HasFile,
): ElectionConfig {
  const leaseMs = Math.max(1, settings.number('ha.lease_seconds')) * 1_000
  const renewMs = Math.max(1, settings.number('ha.renew_interval_seconds')) * 1_000
  if (renewMs >= leaseMs)
    report.fatal(
      'LLMROUTER_CONFIG_SYNC_RENEW_INTERVAL_SECONDS',
      'the lease would end before it is renewed',
      'use a third of LLMROUTER_CONFIG_SYNC_LEASE_SECONDS',
    )
  const kubernetes = readKubernetes(settings)
  const asked = settings.isGiven('ha.config_sync_leader_election_enabled')
    ? settings.boolean('ha.config_sync_leader_election_enabled')
    : settings.text('ha.mode') === 'leader_election'
  return {
    backend: asked
      ? findBackend(settings.text('ha.leader_election_backend'), { storage, kubernetes, hasFile }, report)
      : 'none',
    kubernetes,
    node: settings.text('process.pod_name'),
    lockName: settings.text('ha.lock_name') ?? 'config_sync',
    leaseMs,
    renewMs,
    handsOver: settings.boolean('ha.leader_drain_handoff'),
  }
}

function readKubernetes(settings: ConfigSections['settings']): KubernetesConfig {
  return {
    host: settings.text('process.kubernetes_host'),
    port: settings.number('process.kubernetes_port'),
    namespace: settings.text('process.pod_namespace'),
    accountDir: settings.text('process.kubernetes_account_dir') ?? '',
  }
}

interface LeasePlaces {
  readonly storage: StorageConfig
  readonly kubernetes: KubernetesConfig
  readonly hasFile: HasFile
}

/** Where the lease lives; of itself in the cluster wherever the pod was given a service account. */
function findBackend(
  asked: string | null,
  { storage: { redisUrl, databaseUrl }, kubernetes: { host, accountDir }, hasFile }: LeasePlaces,
  report: ConfigSections['report'],
): ElectionConfig['backend'] {
  const variable = 'ROUTEIQ_LEADER_ELECTION_BACKEND'
  const hasAccount = host !== null && hasFile(join(accountDir, 'token'))
  if (asked === 'kubernetes' && !hasAccount)
    report.fatal(
      variable,
      'the lease should live in Kubernetes, but there is no service account',
      'use redis, postgres or auto',
    )
  if (asked === 'redis' && redisUrl === null)
    report.fatal(variable, 'the lease should live in Redis, but there is none', 'set REDIS_URL')
  if (asked === 'postgres' && databaseUrl === null)
    report.fatal(variable, 'the lease should live in PostgreSQL, but there is none', 'set DATABASE_URL')
  if (asked === 'redis' || asked === 'postgres' || asked === 'none') return asked
  if (hasAccount) return 'kubernetes'
  if (redisUrl !== null) return 'redis'
  return databaseUrl === null ? 'none' : 'postgres'
}

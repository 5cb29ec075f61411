import type { GatewayConfig, RemoteConfig } from '../config/config.ts'
import type { SyncState } from '../config-sync/config-sync.ts'
import type { ReloadHistory } from '../process/configuration-holder.ts'

interface SyncReport {
  readonly config: GatewayConfig
  readonly history: ReloadHistory
  /** Null where the configuration is read from this machine alone. */
  readonly state: SyncState | null
  readonly isLeader: boolean
  /** What went wrong may quote the configuration, which only admins see. */
  readonly isForAdmins: boolean
}

/** `GET /config/sync/status`: where the configuration comes from, how it goes, and who fetches it. */
export function describeSync({ config, history, state, isLeader, isForAdmins }: SyncReport): object {
  const { remote, polls, intervalMs, election } = config.configSync
  const { kind, files, checksum } = config.source
  const lastError = state?.lastError ?? history.lastError
  const watches = config.server.watchFiles
  return {
    enabled: remote !== null && polls,
    hot_reload_enabled: watches,
    sync_interval_seconds: intervalMs / 1_000,
    s3: remote?.kind === 's3' ? describeObject(remote, state) : null,
    gcs: remote?.kind === 'gcs' ? describeObject(remote, state) : null,
    http:
      remote?.kind === 'http' ? { enabled: true, url: withoutSecrets(remote.url), ...etagOf(state) } : null,
    appconfig: null,
    reload_count: history.reloads,
    last_sync_time: state?.lastSyncAt == null ? null : state.lastSyncAt / 1_000,
    running: state?.isRunning === true || watches,
    local_config_path: kind === 'file' ? (files[0] ?? null) : null,
    local_config_hash: checksum,
    config_version_hash: config.versionHash,
    last_error:
      lastError === null || isForAdmins ? lastError : 'the last attempt failed; ask an administrator',
    ha_mode: election.backend === 'none' ? 'single' : 'leader_election',
    leader_election: {
      enabled: election.backend !== 'none',
      backend: election.backend,
      is_leader: isLeader,
      skipped_sync_count: state?.skippedSyncs ?? 0,
    },
  }
}

function describeObject(
  { bucket, key }: Exclude<RemoteConfig, { kind: 'http' }>,
  state: SyncState | null,
): object {
  return { enabled: true, bucket, key, ...etagOf(state) }
}

/** Without the quotation marks that HTTP puts around it. */
function etagOf(state: SyncState | null): { readonly last_etag: string | null } {
  return { last_etag: state?.etag?.replace(/^(?:W\/)?"|"$/g, '') ?? null }
}

function withoutSecrets(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { GatewayError } from '@routeiq/contract'
import type { A2aStore } from '../a2a/a2a-store.ts'
import type { AuditStore } from '../audit/audit-store.ts'
import type { Checkpoint, CheckpointSigner } from '../audit/checkpoint.ts'
import type { StorageConfig } from '../config/config.ts'
import type { EvidenceStore } from '../evidence/evidence-store.ts'
import type { Limiter } from '../governance/limiter.ts'
import type { ManagedModelStore } from '../managed-models/managed-model-store.ts'
import type { McpAccountStore } from '../mcp/accounts/account-store.ts'
import type { McpServerStore } from '../mcp/registry/server-store.ts'
import type { McpSubmissionStore } from '../mcp/registry/submission-store.ts'
import type { BundleMoveStore } from '../model-routing/bundles/bundle-shelf.ts'
import type { ChoiceStore } from '../model-routing/choice-store.ts'
import type { ExperimentStore } from '../model-routing/experiments/experiment-store.ts'
import type { PreferenceStore } from '../model-routing/preference-store.ts'
import type { RoutingSettingsStore } from '../model-routing/settings/routing-settings-store.ts'
import type { QuotaStore } from '../quotas/quota-store.ts'
import type { WorkspaceEmbedderStore } from '../skill-router/embedding/workspace-embedder.ts'
import type { ProviderCopyStore } from '../skills/accounts/provider-copy-store.ts'
import type { AgentStore } from '../skills/agents/agent-store.ts'
import type { BenchmarkStore } from '../skills/benchmarks/benchmark-store.ts'
import type { BundleStore } from '../skills/bundles/bundle-store.ts'
import type { PluginStore } from '../skills/marketplace/plugin-store.ts'
import type { RegistryStore } from '../skills/registry/registry-store.ts'
import type { SkillStore } from '../skills/skill-store.ts'
import { createSqlA2aStore } from '../storage/a2a/sql-a2a-store.ts'
import { keepAudit } from '../storage/audit/keep-audit.ts'
import { createSqlAuditStore } from '../storage/audit/sql-audit-store.ts'
import { type Database, openDatabase } from '../storage/database/database.ts'
import { directLocationOf, locationOf } from '../storage/database/location.ts'
import { migrateDatabase } from '../storage/database/migrate.ts'
import { purgeEvidence } from '../storage/evidence/purge-evidence.ts'
import { createSqlEvidenceStore } from '../storage/evidence/sql-evidence-store.ts'
import type { KeyStore } from '../storage/key-store.ts'
import { createSqlKeyStore } from '../storage/keys/sql-key-store.ts'
import type { RaiseAlarm } from '../storage/ledger/journal-alarm.ts'
import { purgeSpend } from '../storage/ledger/purge-spend.ts'
import { SpendIngester } from '../storage/ledger/spend-ingester.ts'
import type { SpendLedger } from '../storage/ledger/spend-row.ts'
import { createSqlSpendLedger } from '../storage/ledger/sql-spend-ledger.ts'
import { InProcessLimiter } from '../storage/limits/in-process-limiter.ts'
import { createSqlManagedModelStore } from '../storage/managed-models/sql-managed-model-store.ts'
import { createMemoryMcpStore } from '../storage/mcp/memory-mcp-store.ts'
import { createSqlAccountStore } from '../storage/mcp/sql-account-store.ts'
import { createSqlMcpStore } from '../storage/mcp/sql-mcp-store.ts'
import { createSqlSubmissionStore } from '../storage/mcp/sql-submission-store.ts'
import { createSqlBundleMoveStore } from '../storage/model-choices/sql-bundle-move-store.ts'
import { createSqlChoiceStore } from '../storage/model-choices/sql-choice-store.ts'
import { createSqlExperimentStore } from '../storage/model-choices/sql-experiment-store.ts'
import { createSqlPreferenceStore } from '../storage/model-choices/sql-preference-store.ts'
import { createSqlRoutingSettings } from '../storage/model-choices/sql-routing-settings.ts'
import { createSqlQuotaStore } from '../storage/quotas/sql-quota-store.ts'
import { createSqlAgentStore } from '../storage/registry/sql-agent-store.ts'
import { createSqlBenchmarkStore } from '../storage/registry/sql-benchmark-store.ts'
import { createSqlBundleStore } from '../storage/registry/sql-bundle-store.ts'
import { createSqlPluginStore } from '../storage/registry/sql-plugin-store.ts'
import { createSqlRegistryStore } from '../storage/registry/sql-registry-store.ts'
import type { ResponseStore } from '../storage/response-store.ts'
import { purgeResponses } from '../storage/responses/purge-responses.ts'
import { createSqlResponseStore } from '../storage/responses/sql-response-store.ts'
import { runHourly } from '../storage/run-hourly.ts'
import { InProcessState } from '../storage/shared-state/in-process-state.ts'
import type { RedisDescription, RedisState } from '../storage/shared-state/redis-state.ts'
import type { SharedState } from '../storage/shared-state/shared-state.ts'
import { createSqlProviderCopies } from '../storage/skills/sql-provider-copies.ts'
import { createSqlSkillStore } from '../storage/skills/sql-skill-store.ts'
import { createSqlWorkspaceEmbedders } from '../storage/skills/sql-workspace-embedders.ts'
import { createSqlSpendTotals } from '../storage/spend/sql-spend-totals.ts'
import type { SpendTotals } from '../storage/spend-totals.ts'
import type { SubjectStore } from '../storage/subject-store.ts'
import { createSqlSubjectStore } from '../storage/subjects/sql-subject-store.ts'
import type { UseStore } from '../storage/use-store.ts'
import { createSqlUseStore } from '../storage/uses/sql-use-store.ts'
import type { ConfigSyncCalls } from './config-sync.ts'
import { followLinks } from './follow-links.ts'
import { announceSkillChanges } from './share-changes.ts'

const pingTimeoutMs = 1_000
const dayMs = 86_400_000

/** How the things this gateway depends on are doing; those not configured are absent. */
export interface DependencyChecks {
  readonly database: { readonly status: 'ok' | 'failed'; readonly kind: 'embedded' | 'postgresql' }
  readonly redis?: { readonly status: 'ok' | 'failed' }
}

/** What all workers of one gateway share. One process owns it; the others reach it over IPC. */
export interface Hub {
  readonly keys: KeyStore
  readonly subjects: SubjectStore
  readonly totals: SpendTotals
  readonly limiter: Limiter
  readonly uses: UseStore
  readonly responses: ResponseStore
  readonly skills: SkillStore
  readonly providerCopies: ProviderCopyStore
  readonly registry: RegistryStore
  readonly agents: AgentStore
  readonly bundles: BundleStore
  readonly plugins: PluginStore
  readonly benchmarks: BenchmarkStore
  readonly quotas: QuotaStore
  readonly embedders: WorkspaceEmbedderStore
  readonly managedModels: ManagedModelStore
  readonly a2a: A2aStore
  readonly evidence: EvidenceStore
  readonly mcp: McpServerStore
  readonly mcpAccounts: McpAccountStore
  readonly mcpSubmissions: McpSubmissionStore
  readonly spend: Pick<SpendLedger, 'listSpend' | 'countSpend' | 'sumActivity'>
  readonly choices: ChoiceStore
  readonly preferences: PreferenceStore
  readonly experiments: ExperimentStore
  readonly bundleMoves: BundleMoveStore
  readonly routingSettings: RoutingSettingsStore
  readonly audit: AuditStore
  readonly state: SharedState
  readonly configSync: ConfigSyncCalls
  readonly health: {
    check(): Promise<DependencyChecks>
    /** Null without Redis, and where it does not answer. */
    describeRedis(): Promise<RedisDescription | null>
  }
}

export interface OwnedHub extends Hub {
  /** Sentences for the operator's log from opening and migrating. */
  readonly notices: readonly string[]
  /** Ingests what is left of the journal, then closes everything. */
  close(flushBudgetMs: number): Promise<void>
}

/** Database and shared state: what must be open before a configuration that is kept elsewhere can be read. */
export interface Stores {
  readonly database: Database
  /** Null without Redis. */
  readonly redis: RedisState | null
  readonly state: SharedState
  /** Sentences for the operator's log from migrating. */
  readonly notices: readonly string[]
}

export interface HubOptions {
  readonly stores: Stores
  readonly storage: StorageConfig
  readonly configSync: ConfigSyncCalls
  /** Days that evidence of skills is kept. */
  readonly evidenceRetentionDays: number
  /** Tool servers are kept in the database. */
  readonly keepsToolServers: boolean
  /** Milliseconds that rows of the ledger are kept; null for ever. */
  readonly spendRetentionMs: number | null
  readonly audit: {
    /** Names this node. */
    readonly chain: string
    readonly signer: CheckpointSigner | null
    readonly retentionDays: number | null
    readonly onCheckpoint: (checkpoint: Checkpoint) => void
  }
  /** Whether this replica does what one of them does for all. */
  readonly leads: () => boolean
  readonly raiseAlarm: RaiseAlarm
  readonly now: () => number
}

/** Where settled spend waits for the ledger. */
export function journalDirectory(storage: StorageConfig): string {
  return join(storage.dataDir, 'spend')
}

/** Opens database and shared state, and brings the schema up to date. */
export async function openStores(storage: StorageConfig, now: () => number): Promise<Stores> {
  const [database, redis] = await Promise.all([
    openDatabase(locationOf(storage)),
    storage.redisUrl === null ? null : openRedis(storage.redisUrl, storage.redisBreaker, now),
  ])
  const notices = await migrate(database, storage)
  return { database, redis, state: redis ?? new InProcessState(now), notices }
}

/** Errors: rejects when a migration fails, unless that is tolerated; a database that is away is not. */
async function migrate(database: Database, storage: StorageConfig): Promise<readonly string[]> {
  const { toleratesFailedMigrations: toleratesFailure, lastMigration } = storage
  const location = directLocationOf(storage)
  const direct = location === null ? null : await openDatabase(location)
  try {
    return (await migrateDatabase(direct ?? database, undefined, lastMigration)).warnings
  } catch (error) {
    if (!toleratesFailure || error instanceof GatewayError) throw error
    const told = error instanceof Error ? error.message : String(error)
    return [`${told}. The gateway works on the tables there are; mend the database and start it again.`]
  } finally {
    await direct?.close()
  }
}

/** Starts moving the spend journal into the ledger, and puts together what all workers share. */
export function openHub(options: HubOptions): OwnedHub {
  const { stores, storage, leads, raiseAlarm, now } = options
  const { database, redis, state } = stores
  const ledger = createSqlSpendLedger(database)
  const ingester = new SpendIngester({
    directory: journalDirectory(storage),
    insert: (entries) => ledger.insert(entries),
    raiseAlarm,
    now,
  })
  ingester.start()
  const responses = createSqlResponseStore(database, now)
  const evidence = createSqlEvidenceStore(database, now)
  const stopPurging = purgeResponses(responses, leads)
  const stopPurgingSpend = purgeSpend(ledger, options.spendRetentionMs, { leads, now })
  const quotas = createSqlQuotaStore(database, now)
  const stopPurgingEvidence = purgeEvidence(evidence, options.evidenceRetentionDays, quotas, leads)
  const choices = createSqlChoiceStore(database)
  const stopPurgingChoices = runHourly(leads, () =>
    choices.purgeChoices(now() - options.evidenceRetentionDays * dayMs),
  )
  const uses = createSqlUseStore(database)
  const stopPurgingUses = runHourly(leads, () => uses.purge(now() - dayMs))
  const { chain, signer, onCheckpoint, retentionDays } = options.audit
  const audit = createSqlAuditStore(database, { chain, signer, onCheckpoint, now })
  const stopKeepingAudit = keepAudit(audit, retentionDays, { leads, now })
  const catalogue = { now, newId: randomUUID, onChange: announceSkillChanges(state) }
  const registry = createSqlRegistryStore(database, catalogue)
  const links = followLinks(registry)
  return {
    keys: createSqlKeyStore(database, now),
    subjects: createSqlSubjectStore(database, now),
    totals: createSqlSpendTotals(database),
    limiter: redis?.limiter ?? new InProcessLimiter(now),
    uses,
    responses,
    quotas,
    embedders: createSqlWorkspaceEmbedders(database, now),
    managedModels: createSqlManagedModelStore(database, now),
    a2a: createSqlA2aStore(database, now),
    spend: ledger,
    evidence,
    mcp: options.keepsToolServers ? createSqlMcpStore(database, now) : createMemoryMcpStore(now),
    mcpAccounts: createSqlAccountStore(database, now),
    mcpSubmissions: createSqlSubmissionStore(database, now),
    choices,
    preferences: createSqlPreferenceStore(database),
    experiments: createSqlExperimentStore(database),
    bundleMoves: createSqlBundleMoveStore(database),
    routingSettings: createSqlRoutingSettings(database),
    audit,
    skills: createSqlSkillStore(database, {
      ...catalogue,
      onChange: (workspaceId) => {
        catalogue.onChange(workspaceId)
        links.follow(workspaceId)
      },
    }),
    providerCopies: createSqlProviderCopies(database, now),
    registry,
    agents: createSqlAgentStore(database, catalogue),
    bundles: createSqlBundleStore(database, catalogue),
    plugins: createSqlPluginStore(database, catalogue),
    benchmarks: createSqlBenchmarkStore(database, catalogue),
    state,
    health: {
      check: () => checkDependencies(database, redis),
      describeRedis: async () => redis?.describe() ?? null,
    },
    configSync: options.configSync,
    notices: stores.notices,
    close: async (flushBudgetMs) => {
      stopPurging()
      stopPurgingSpend()
      stopPurgingEvidence()
      stopPurgingChoices()
      stopPurgingUses()
      await stopKeepingAudit()
      links.stop()
      await ingester.flush(flushBudgetMs)
      await ingester.stop()
      await redis?.close()
      await database.close()
    },
  }
}

/** Loaded when it is configured: the client takes a twentieth of the time of a start. */
async function openRedis(
  url: string,
  breaker: StorageConfig['redisBreaker'],
  now: () => number,
): Promise<RedisState> {
  const { RedisState } = await import('../storage/shared-state/redis-state.ts')
  return RedisState.open({ url, breaker, now })
}

async function checkDependencies(database: Database, redis: RedisState | null): Promise<DependencyChecks> {
  const status = await Promise.race([
    database.ping().then(
      () => 'ok' as const,
      () => 'failed' as const,
    ),
    new Promise<'failed'>((resolve) => setTimeout(resolve, pingTimeoutMs, 'failed').unref()),
  ])
  return {
    database: { status, kind: database.kind },
    ...(redis === null ? {} : { redis: { status: redis.isShared ? ('ok' as const) : ('failed' as const) } }),
  }
}

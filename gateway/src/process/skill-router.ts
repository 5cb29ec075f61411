import { randomBytes } from 'node:crypto'
import type { EffectivenessSnapshot, Embedder } from '@routeiq/router'
import type { SkillRouterConfig } from '../config/config.ts'
import type { DecisionLog } from '../evidence/decisions/decision-log.ts'
import { CatalogueProvider } from '../skill-router/catalogue-provider.ts'
import { Degradations } from '../skill-router/degradations.ts'
import { Embedders } from '../skill-router/embedding/embedders.ts'
import { ModelEmbedder, type ModelEmbedderOptions } from '../skill-router/embedding/model-embedder.ts'
import type { QueryEmbedder } from '../skill-router/embedding/query-embedder.ts'
import { watchCatalogue } from '../skill-router/embedding/watch-catalogue.ts'
import { HotCatalogues } from '../skill-router/hot-catalogues.ts'
import type { CatalogueSource } from '../skill-router/load-hot-catalogue.ts'
import { RecentLatency } from '../skill-router/recent-latency.ts'
import { poolRandomBytes } from '../skill-router/routing-id.ts'
import { SkillBodies } from '../skill-router/skill-bodies.ts'
import { SkillRouter } from '../skill-router/skill-router.ts'
import type { CatalogueSkill } from '../skills/catalogue.ts'
import type { Evidence } from './evidence.ts'
import type { Hub } from './hub.ts'
import type { OwnEmbedders } from './own-embedders.ts'
import { hearSkillChanges } from './share-changes.ts'
import type { Telemetry } from './telemetry.ts'

export interface SkillRouting {
  readonly router: SkillRouter
  readonly catalogues: HotCatalogues
  readonly bodies: SkillBodies
  readonly embedders: Embedders
  readonly ownEmbedders: OwnEmbedders
  readonly reembed: (workspaceId: string) => Promise<number>
  readonly degradations: Degradations
  readonly latency: RecentLatency
  readonly decisions: Pick<DecisionLog, 'record' | 'waiting'>
  close(): void
}

export interface SkillRoutingOptions {
  readonly hub: Hub
  readonly evidence: Evidence
  readonly telemetry: Telemetry
  readonly config: () => SkillRouterConfig
  /** In memory; loaded when it is first asked for. */
  readonly embedder: () => Embedder
  readonly ownEmbedders: OwnEmbedders
  /** Whether a workspace may bring an embedder. */
  readonly allowsOwnEmbedder: (workspaceId: string) => boolean
  /** Embeds by a model of the gateway. */
  readonly embed: (model: string, texts: readonly string[]) => Promise<readonly (readonly number[])[]>
  readonly now: () => number
}

/** Puts the Skill Router of one process together; what concerns memory is as configured at start. */
export async function openSkillRouting({
  hub,
  evidence,
  telemetry,
  config,
  embedder,
  ownEmbedders,
  allowsOwnEmbedder,
  embed,
  now,
}: SkillRoutingOptions): Promise<SkillRouting> {
  const degradations = new Degradations({
    count: telemetry.metrics.countDegradedSkillAnswer,
    warn: (reason, error) =>
      telemetry.logger.log('warn', 'skill_router_degraded', { reason, message: messageOf(error) }),
    now,
  })
  const onError = (workspaceId: string | null) => (error: unknown) =>
    telemetry.logger.log('warn', 'skill_catalogue_not_read', {
      workspace_id: workspaceId,
      message: messageOf(error),
    })
  const { fusion, stableMenuMaxTokens, maxIndexedSkills } = config()
  const modelOptions = {
    onEmbedded: (workspaceId: string) => void catalogues.reload(workspaceId).catch(onError(workspaceId)),
    onError: (error: unknown) => degradations.record('embedder_unavailable', error),
    now,
  }
  const model = findModelEmbedder(config(), { ...modelOptions, embed })
  const query = model ?? inMemoryEmbedder(config().embedder)
  const embedders = new Embedders({
    store: ownEmbedders,
    standard: { query, index: query.state.kind === 'static' ? embedder : () => model, model },
    isAllowed: allowsOwnEmbedder,
    open: (own) =>
      new ModelEmbedder({
        ...modelOptions,
        model: own.model,
        dimensions: own.dimensions,
        embed: (texts) => ownEmbedders.embed(own, texts),
      }),
    onChange: (workspaceId) => void catalogues.renew(workspaceId).catch(onError(workspaceId)),
  })
  const source = watchCatalogue(hub.skills, (workspaceId, skills) =>
    embedders.modelOf(workspaceId)?.require(workspaceId, skills),
  )
  const catalogue = {
    embedder: (workspaceId: string) => embedders.indexOf(workspaceId),
    index: { fusion },
    stableMenuMaxTokens,
  }
  const catalogues = new HotCatalogues({
    source,
    feedback: (workspaceId) => readFeedback(evidence, workspaceId),
    catalogue,
    usageOf: (workspaceId, skillId) =>
      evidence.effectiveness.snapshot(workspaceId).find(skillId, null)?.judged ?? 0,
    maxSkills: maxIndexedSkills,
    onError: (workspaceId, error) => onError(workspaceId)(error),
    now,
  })
  await embedders.refresh()
  await hearSkillChanges(hub.state, (workspaceId) => void catalogues.refresh(workspaceId))
  const router = new SkillRouter({
    catalogues: new CatalogueProvider({
      hot: catalogues,
      source: hub.skills,
      listSkills: (workspaceId, query) => hub.skills.list(workspaceId, query),
      catalogue,
      degradations,
    }),
    embedderOf: (workspaceId) => embedders.queryOf(workspaceId),
    effectiveness: (workspaceId) => readEffectiveness(evidence, workspaceId),
    degradations,
    config,
    randomBytes: poolRandomBytes(randomBytes),
  })
  return {
    router,
    catalogues,
    bodies: new SkillBodies(
      hub.skills,
      (workspaceId, skillId) => catalogues.find(workspaceId)?.get(skillId) ?? null,
    ),
    embedders,
    ownEmbedders,
    reembed: async (workspaceId) => {
      const asked = embedders.modelOf(workspaceId)
      await asked?.embedAnew(workspaceId, await readAll(hub.skills, workspaceId))
      return (await catalogues.reload(workspaceId)).size
    },
    degradations,
    latency: new RecentLatency(),
    decisions: evidence.decisions,
    close: () => {
      embedders.close()
      catalogues.close()
      void ownEmbedders.close()
    },
  }
}

function findModelEmbedder(
  { embeddingModel: model, embeddingDimensions: dimensions }: SkillRouterConfig,
  options: Omit<ModelEmbedderOptions, 'model' | 'dimensions' | 'embed'> & Pick<SkillRoutingOptions, 'embed'>,
): ModelEmbedder | null {
  if (model === null) return null
  const { embed, ...rest } = options
  return new ModelEmbedder({ ...rest, model, dimensions, embed: (texts) => embed(model, texts) })
}

const inMemoryEmbedder = (kind: 'none' | 'static'): QueryEmbedder => ({
  state: { kind, available: true },
  prepare: () => true,
})

async function readAll(source: CatalogueSource, workspaceId: string): Promise<readonly CatalogueSkill[]> {
  const skills: CatalogueSkill[] = []
  let after: string | null = null
  do {
    const page = await source.readCatalogue(workspaceId, after)
    skills.push(...page.skills)
    after = page.next
  } while (after !== null)
  return skills
}

function readFeedback(
  { effectiveness, feedback }: Evidence,
  workspaceId: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  // Asked for here first, so that it is there when the first request is.
  effectiveness.snapshot(workspaceId)
  return feedback.feedback(workspaceId)
}

/** Errors: when it cannot be read any more. */
function readEffectiveness({ effectiveness }: Evidence, workspaceId: string): EffectivenessSnapshot {
  if (effectiveness.isStale(workspaceId)) throw new Error('the effectiveness of skills cannot be read')
  return effectiveness.snapshot(workspaceId)
}

function messageOf(error: unknown): string | null {
  return error instanceof Error ? error.message : null
}

/** What the router would select for a request, for nobody in particular: no decision is kept and nothing left to chance. */
export async function selectSkills(
  router: SkillRouter,
  workspaceId: string,
  query: string,
): Promise<readonly string[]> {
  const { decision } = await router.route({
    ...{
      workspaceId,
      query,
      agentName: null,
      model: null,
      category: null,
      maxMenuSize: null,
      minRelevance: null,
    },
    ...{ topK: 10, exclude: [], dryRun: true, routingId: null },
  })
  return decision.rows.filter(({ selected }) => selected).map(({ skill }) => skill.name)
}

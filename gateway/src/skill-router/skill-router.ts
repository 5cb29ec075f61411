import {
  type Candidate,
  createSeededRandom,
  type Decision,
  decideRoute,
  decideWithoutRanking,
  type EffectivenessSnapshot,
  modelFamilyOf,
  type RoutePolicy,
  rankCandidates,
} from '@routeiq/router'
import type { SkillRouterConfig } from '../config/config.ts'
import type { CatalogueProvider, ProvidedCatalogue } from './catalogue-provider.ts'
import type { Degradations, DegradedReason } from './degradations.ts'
import type { QueryEmbedder } from './embedding/query-embedder.ts'
import { type HotCatalogue, isNamed } from './hot-catalogue.ts'
import type { HotMenu } from './hot-menu.ts'
import type { HotSkill } from './hot-skill.ts'
import { makeRoutingId, seedOf } from './routing-id.ts'
import { Stopwatch, type Timings } from './stopwatch.ts'

const minDepth = 50
const maxQueryLength = 8_000

/** What is asked of the router, whoever asks. */
export interface RouteRequest {
  readonly workspaceId: string
  readonly agentName: string | null
  /** What the agent is to do; of a longer one the last 8 000 characters count. */
  readonly query: string
  /** The model that will read the skills; null when unknown. */
  readonly model: string | null
  readonly category: string | null
  /** 1 to 50. */
  readonly topK: number
  readonly maxMenuSize: number | null
  /** Null for the configured one. */
  readonly minRelevance: number | null
  /** Skills not to offer, by name, slug or id. */
  readonly exclude: readonly string[]
  /** Leaves chance out and gets no id. */
  readonly dryRun: boolean
  /** An id that was given before to the same request, which then gets the same offer. */
  readonly routingId: string | null
}

/** A decision with its id, and what it was made from. */
export interface Routed {
  /** Null for a dry run. */
  readonly routingId: string | null
  readonly decision: Decision<HotSkill>
  readonly menu: HotMenu
  readonly catalogueDigest: string
  readonly degradedReason: DegradedReason | null
  readonly timings: Timings
}

export type FoundMenu = Omit<Routed, 'routingId' | 'decision'>

export interface SkillRouterDependencies {
  readonly catalogues: CatalogueProvider
  readonly embedderOf: (workspaceId: string) => Pick<QueryEmbedder, 'prepare'>
  /** Throws when nothing can be known of it. */
  readonly effectiveness: (workspaceId: string) => EffectivenessSnapshot
  readonly degradations: Degradations
  readonly config: () => SkillRouterConfig
  readonly randomBytes: (size: number) => Buffer
}

/** Chooses skills for requests. It decides and renders; recording and answering is up to its callers. */
export class SkillRouter {
  readonly #deps: SkillRouterDependencies

  constructor(deps: SkillRouterDependencies) {
    this.#deps = deps
  }

  /** The menu of an agent, perhaps of one category. */
  async findMenu(workspaceId: string, agentName: string | null, category: string | null): Promise<FoundMenu> {
    const watch = new Stopwatch()
    const { catalogue, reason } = await this.#deps.catalogues.provide(workspaceId, '')
    const menu = catalogue.menuFor(agentName, category)
    watch.end('scope')
    return { menu, catalogueDigest: catalogue.digest, degradedReason: reason, timings: watch.timings }
  }

  /** Gives the offer of a menu, or of a part of it, its id. */
  offerMenu(found: FoundMenu, decision: Decision<HotSkill>): Routed {
    return { decision, routingId: makeRoutingId(this.#deps.randomBytes), ...found }
  }

  /** Never rejects for want of anything: what is missing is named in `degradedReason`. */
  async route(request: RouteRequest): Promise<Routed> {
    const watch = new Stopwatch()
    const query = request.query.slice(-maxQueryLength)
    const provided = await this.#deps.catalogues.provide(request.workspaceId, query)
    const menu = provided.catalogue.menuFor(request.agentName, request.category)
    watch.end('scope')
    const routingId = request.dryRun ? null : (request.routingId ?? makeRoutingId(this.#deps.randomBytes))
    const embedded = menu.isShort || (await this.#deps.embedderOf(request.workspaceId).prepare(query))
    watch.end('embed')
    const found = this.#retrieve(provided, menu, request, query, embedded)
    watch.end('retrieve')
    const decided = this.#decide(found, menu, request, routingId, watch)
    watch.end('render')
    return {
      routingId,
      decision: decided.decision,
      menu,
      catalogueDigest: provided.catalogue.digest,
      degradedReason: found.reason ?? decided.reason,
      timings: watch.timings,
    }
  }

  #retrieve(
    { catalogue, reason }: ProvidedCatalogue,
    menu: HotMenu,
    request: RouteRequest,
    query: string,
    embedded: boolean,
  ): Found {
    const exclude = new Set(request.exclude)
    const { degradations, config } = this.#deps
    const missing = embedded ? reason : degradations.record('embedder_unavailable', null)
    const isUnranked =
      query.trim() === '' ||
      reason === 'retrieval_error' ||
      (!embedded && config().onEmbedderMissing === 'full_menu')
    if (isUnranked) return { candidates: null, reason: missing, exclude }
    try {
      const depth = Math.max(minDepth, 2 * request.topK)
      const results = catalogue.search(query, { menu, exclude }, depth)
      return { candidates: listCandidates(results, catalogue), reason: missing, exclude }
    } catch (error) {
      return { candidates: null, reason: degradations.record('retrieval_error', error), exclude }
    }
  }

  #decide(
    { candidates, exclude }: Found,
    menu: HotMenu,
    request: RouteRequest,
    routingId: string | null,
    watch: Stopwatch,
  ): { decision: Decision<HotSkill>; reason: DegradedReason | null } {
    const policy = this.#policyOf(request)
    const offered = exclude.size === 0 ? menu : without(menu, exclude)
    if (candidates === null) return { decision: decideWithoutRanking(offered, policy), reason: null }
    const { snapshot, reason } = this.#readEffectiveness(request.workspaceId)
    const family = request.model === null ? null : modelFamilyOf(request.model)
    const wanted = menu.isShort ? Infinity : 2 * request.topK
    const ranked = rankCandidates(candidates, snapshot, family, wanted)
    watch.end('rerank')
    const random = routingId === null ? null : createSeededRandom(seedOf(routingId))
    return { decision: decideRoute(offered, ranked, policy, random), reason }
  }

  #readEffectiveness(workspaceId: string): {
    snapshot: EffectivenessSnapshot | null
    reason: DegradedReason | null
  } {
    try {
      return { snapshot: this.#deps.effectiveness(workspaceId), reason: null }
    } catch (error) {
      return { snapshot: null, reason: this.#deps.degradations.record('effectiveness_unavailable', error) }
    }
  }

  #policyOf(request: RouteRequest): RoutePolicy {
    const { minRelevance, hintK, exploreRate, holdoutRate } = this.#deps.config()
    return {
      topK: request.topK,
      maxMenuSize: request.maxMenuSize,
      minRelevance: request.minRelevance ?? minRelevance,
      hintK,
      exploreRate,
      holdoutRate,
    }
  }
}

interface Found {
  /** Null when nothing could be ranked, and the menu is offered instead. */
  readonly candidates: Iterable<Candidate<HotSkill>> | null
  readonly reason: DegradedReason | null
  readonly exclude: ReadonlySet<string>
}

/** Each skill is looked up when it is asked for: few of many are. */
function* listCandidates(
  results: ReturnType<HotCatalogue['search']>,
  catalogue: HotCatalogue,
): Generator<Candidate<HotSkill>> {
  for (const result of results) {
    const { fused, relevance, score, lists } = result
    yield { skill: catalogue.foundAt(result), fused, relevance, score, lists }
  }
}

/** The stable menu stays: it may not depend on the request. */
function without(menu: HotMenu, exclude: ReadonlySet<string>): HotMenu {
  return { ...menu, entries: menu.entries.filter((skill) => !isNamed(skill, exclude)) }
}

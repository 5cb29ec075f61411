import { GatewayError } from '@routeiq/contract'
import type { CatalogueSkill } from '../skills/catalogue.ts'
import type { Skill } from '../skills/skill.ts'
import type { SkillStore } from '../skills/skill-store.ts'
import { within } from '../within.ts'
import type { Degradations, DegradedReason } from './degradations.ts'
import { HotCatalogue } from './hot-catalogue.ts'
import type { CatalogueOptions, HotCatalogues } from './hot-catalogues.ts'
import type { CatalogueSource } from './load-hot-catalogue.ts'

const maxCandidates = 50
/** More than a stable menu has room for. */
const maxListed = 500
const firstLoadMs = 1_500

export interface ProvidedCatalogue {
  readonly catalogue: HotCatalogue
  readonly reason: DegradedReason | null
}

export interface CatalogueProviderOptions {
  readonly hot: HotCatalogues
  readonly source: Pick<CatalogueSource, 'findCandidates'>
  readonly listSkills: SkillStore['list']
  readonly catalogue: CatalogueOptions
  readonly degradations: Degradations
}

/**
 * The catalogue a request is answered from: the one in memory; while that is still being loaded, what the database
 * finds for the request; when it cannot be loaded, a list of names and descriptions; and when there is no database
 * either, an empty one.
 */
export class CatalogueProvider {
  readonly #options: CatalogueProviderOptions

  constructor(options: CatalogueProviderOptions) {
    this.#options = options
  }

  /** Never rejects. */
  provide(workspaceId: string, query: string): ProvidedCatalogue | Promise<ProvidedCatalogue> {
    const { hot, degradations } = this.#options
    const catalogue = hot.find(workspaceId)
    if (catalogue === null) return this.#provideWithout(workspaceId, query)
    const reason = hot.isConfirmed(workspaceId) ? null : degradations.record('store_unavailable', null)
    return { catalogue, reason }
  }

  async #provideWithout(workspaceId: string, query: string): Promise<ProvidedCatalogue> {
    const { hot, degradations, source } = this.#options
    try {
      const loaded = await within(firstLoadMs, hot.load(workspaceId))
      if (loaded !== 'timeout') return { catalogue: loaded, reason: null }
      const candidates = await source.findCandidates(workspaceId, query, maxCandidates)
      const reason = degradations.record('index_loading', null)
      return { catalogue: this.#build(workspaceId, candidates), reason }
    } catch (error) {
      return isOutage(error)
        ? this.#provideNothing(workspaceId, error)
        : this.#provideList(workspaceId, error)
    }
  }

  /** Without what the database could not read: who is assigned what, and files. So nothing restricted is in it. */
  async #provideList(workspaceId: string, cause: unknown): Promise<ProvidedCatalogue> {
    const { degradations, listSkills } = this.#options
    try {
      const { skills } = await listSkills(workspaceId, { limit: maxListed, after: null })
      const reason = degradations.record('retrieval_error', cause)
      return { catalogue: this.#build(workspaceId, skills.flatMap(toListed)), reason }
    } catch (error) {
      return this.#provideNothing(workspaceId, error)
    }
  }

  #provideNothing(workspaceId: string, cause: unknown): ProvidedCatalogue {
    const reason = this.#options.degradations.record('store_unavailable', cause)
    return { catalogue: this.#build(workspaceId, []), reason }
  }

  #build(workspaceId: string, skills: readonly CatalogueSkill[]): HotCatalogue {
    const catalogue = new HotCatalogue({
      ...this.#options.catalogue,
      workspaceId,
      usageOf: () => 0,
      now: () => 0,
    })
    for (const skill of skills) catalogue.put(skill, [])
    catalogue.commit(0)
    return catalogue
  }
}

const isOutage = (error: unknown): boolean =>
  error instanceof GatewayError && error.code === 'storage_unavailable'

function toListed(skill: Skill): CatalogueSkill[] {
  const { served } = skill
  if (served === null || !skill.isActive || skill.offerScope !== 'workspace') return []
  const { versionId, versionNumber, contentHash, safetyStatus } = served
  const unread = { body: '', attachments: [], assignedAgents: [], pins: [] }
  return [{ ...skill, versionId, versionNumber, contentHash, safetyStatus, ...unread }]
}

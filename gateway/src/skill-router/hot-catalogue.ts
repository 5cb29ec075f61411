import {
  compareNames,
  type Embedder,
  type SearchResult,
  SkillIndex,
  type SkillIndexOptions,
} from '@routeiq/router'
import type { CatalogueSkill } from '../skills/catalogue.ts'
import { CatalogueDigest } from './catalogue-digest.ts'
import { createHotMenu, type HotMenu } from './hot-menu.ts'
import { type HotSkill, isEligible, toDocument, toHotSkill } from './hot-skill.ts'
import { insertByName } from './insert-by-name.ts'

const maxMenus = 256
const dayMs = 86_400_000

export interface HotCatalogueOptions {
  readonly workspaceId: string
  /** Asked for with the first skill, null to search by words alone. */
  readonly embedder: (workspaceId: string) => Embedder | null
  readonly index: SkillIndexOptions
  readonly stableMenuMaxTokens: number
  /** How much a skill is used; the most used are kept when a menu is cut. */
  readonly usageOf: (skillId: string) => number
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** What a search may find. */
export interface Scope {
  readonly menu: HotMenu
  /** Ids, names or slugs. */
  readonly exclude: ReadonlySet<string>
}

/**
 * The skills of one workspace as this process knows them, indexed. It is filled by `put`, `remove` and `commit`; what
 * was handed out before a commit stays as it was. Reading allocates for what is found, never for every skill.
 */
export class HotCatalogue {
  readonly workspaceId: string
  /** That of the workspace when this was read. */
  epoch = -1
  readonly #options: HotCatalogueOptions
  /** Null until there is a skill, so that empty workspaces need no embedding table. */
  #index: SkillIndex | null = null
  readonly #digest = new CatalogueDigest()
  readonly #byId = new Map<string, HotSkill>()
  /** By their places in the index: looking one up by its id takes several times as long. */
  readonly #byPlace: HotSkill[] = []
  readonly #byReference = new Map<string, HotSkill>()
  readonly #agents = new Map<string, number>()
  #restricted = 0
  /** In the order of names, as of the last commit. */
  #sorted: readonly HotSkill[] = []
  /** What was put since the last commit: in the order of names, and as it came. */
  #arranged: HotSkill[] = []
  readonly #added = new Set<HotSkill>()
  readonly #removed = new Set<HotSkill>()
  #menus = new Map<string, HotMenu>()
  #usage: { readonly day: number; readonly order: readonly string[] } = { day: -1, order: [] }

  constructor(options: HotCatalogueOptions) {
    this.workspaceId = options.workspaceId
    this.#options = options
  }

  get size(): number {
    return this.#byId.size
  }

  get digest(): string {
    return this.#digest.text
  }

  put(skill: CatalogueSkill, feedback: readonly string[]): void {
    this.#forget(skill.skillId)
    const hot = toHotSkill(skill)
    this.#index ??= new SkillIndex(this.#options.embedder(this.workspaceId), this.#options.index)
    this.#byPlace[this.#index.upsert(toDocument(skill, feedback))] = hot
    this.#byId.set(hot.skillId, hot)
    this.#byReference.set(hot.urlSlug, hot).set(hot.name, hot)
    this.#added.add(hot)
    this.#count(hot, 1)
  }

  /** Indexes a skill that is here with other requests it was right for; menus stay as they are. */
  learn(skill: CatalogueSkill, feedback: readonly string[]): void {
    if (this.#byId.has(skill.skillId)) this.#index?.upsert(toDocument(skill, feedback))
  }

  remove(skillId: string): void {
    if (this.#forget(skillId)) this.#index?.remove(skillId)
  }

  /** Takes work off `commit`, which cannot be done in slices: ordering 100 000 names at once stops the event loop. */
  arrange(): void {
    insertByName(this.#arranged, [...this.#added].sort(compareNames))
    this.#added.clear()
  }

  /** Makes what was put and removed visible to menus. */
  commit(epoch: number): void {
    this.epoch = epoch
    this.arrange()
    const isKept = (skill: HotSkill): boolean => !this.#removed.has(skill)
    const sorted = this.#sorted.filter(isKept)
    insertByName(sorted, this.#arranged.filter(isKept))
    this.#sorted = sorted
    this.#arranged = []
    this.#removed.clear()
    this.#menus = new Map()
  }

  /** The menu of an agent, perhaps of one category, whatever its case. */
  menuFor(agent: string | null, category: string | null): HotMenu {
    const known = agent !== null && this.#agents.has(agent) ? agent : null
    const wanted = category?.toLowerCase() ?? null
    const key = `${known ?? ''}\n${wanted ?? ''}`
    const cached = this.#menus.get(key)
    if (cached !== undefined) return cached
    const menu = this.#buildMenu(known, wanted)
    const oldest = this.#menus.keys().next().value
    if (this.#menus.size >= maxMenus && oldest !== undefined) this.#menus.delete(oldest)
    this.#menus.set(key, menu)
    return menu
  }

  /** A skill by name, slug or id, if this agent may see it. */
  find(reference: string, agent: string | null): HotSkill | null {
    const skill = this.#byId.get(reference) ?? this.#byReference.get(reference)
    return skill !== undefined && isEligible(skill, agent) ? skill : null
  }

  get(skillId: string): HotSkill | null {
    return this.#byId.get(skillId) ?? null
  }

  /** A skill that a search has just found. */
  foundAt({ place }: SearchResult): HotSkill {
    return this.#byPlace[place] as HotSkill
  }

  search(query: string, { menu, exclude }: Scope, depth: number): SearchResult[] {
    const isOpen = menu.category === null && this.#restricted === 0 && exclude.size === 0
    const options = isOpen ? { depth } : { depth, accept: this.#accepts(menu, exclude) }
    return this.#index?.search(query, options) ?? []
  }

  #accepts({ agent, category }: HotMenu, exclude: ReadonlySet<string>): (id: string) => boolean {
    return (id) => {
      const skill = this.#byId.get(id)
      if (skill === undefined || !isEligible(skill, agent) || !isOfCategory(skill, category)) return false
      return exclude.size === 0 || !isNamed(skill, exclude)
    }
  }

  #buildMenu(agent: string | null, category: string | null): HotMenu {
    const entries =
      category === null && this.#restricted === 0
        ? this.#sorted
        : this.#sorted.filter((skill) => isEligible(skill, agent) && isOfCategory(skill, category))
    return createHotMenu({
      agent,
      category,
      entries,
      preferred: this.#preferred(entries, agent, category),
      catalogueDigest: this.digest,
      stableMenuMaxTokens: this.#options.stableMenuMaxTokens,
    })
  }

  /** Assigned skills by name, then used ones by use. */
  #preferred(entries: readonly HotSkill[], agent: string | null, category: string | null): HotSkill[] {
    const assigned =
      agent === null ? [] : entries.filter(({ assignedAgents }) => assignedAgents.includes(agent))
    const used = this.#orderByUse().flatMap((id) => this.#byId.get(id) ?? [])
    const visible = used.filter((skill) => isEligible(skill, agent) && isOfCategory(skill, category))
    return [...new Set([...assigned, ...visible])]
  }

  /** Ids of used skills, the most used first. Looked up once a day, so that menus stay the same meanwhile. */
  #orderByUse(): readonly string[] {
    const day = Math.floor(this.#options.now() / dayMs)
    if (this.#usage.day === day) return this.#usage.order
    const used: { readonly skillId: string; readonly usage: number }[] = []
    for (const { skillId } of this.#sorted) {
      const usage = this.#options.usageOf(skillId)
      if (usage > 0) used.push({ skillId, usage })
    }
    const order = used.sort((a, b) => b.usage - a.usage).map(({ skillId }) => skillId)
    if (order.length > 0) this.#usage = { day, order }
    return order
  }

  #forget(skillId: string): boolean {
    const skill = this.#byId.get(skillId)
    if (skill === undefined) return false
    this.#byId.delete(skillId)
    if (!this.#added.delete(skill)) this.#removed.add(skill)
    for (const reference of [skill.name, skill.urlSlug]) {
      if (this.#byReference.get(reference) === skill) this.#byReference.delete(reference)
    }
    this.#count(skill, -1)
    return true
  }

  #count(skill: HotSkill, by: 1 | -1): void {
    this.#digest.toggle(skill)
    if (skill.isRestricted) this.#restricted += by
    for (const agent of new Set([...skill.assignedAgents, ...skill.pins.flatMap((pin) => pin.agent ?? [])])) {
      const count = (this.#agents.get(agent) ?? 0) + by
      if (count === 0) this.#agents.delete(agent)
      else this.#agents.set(agent, count)
    }
  }
}

/** Whether a skill is one of those named by id, name or slug. */
export function isNamed({ skillId, name, urlSlug }: HotSkill, references: ReadonlySet<string>): boolean {
  return references.has(name) || references.has(urlSlug) || references.has(skillId)
}

function isOfCategory(skill: HotSkill, category: string | null): boolean {
  return category === null || skill.category?.toLowerCase() === category
}

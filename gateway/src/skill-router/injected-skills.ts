import {
  compareNames,
  createEligibleMenu,
  type Decision,
  decideMenu,
  menuInstruction,
  renderRoutingHint,
} from '@routeiq/router'
import type { DecisionLog } from '../evidence/decisions/decision-log.ts'
import type {
  LoadableSkill,
  PinnedVersions,
  SkillDecision,
  SkillQuestion,
  SkillSource,
} from '../injection/skill-source.ts'
import type { Degradations } from './degradations.ts'
import { isNamed } from './hot-catalogue.ts'
import type { HotCatalogues } from './hot-catalogues.ts'
import type { HotMenu } from './hot-menu.ts'
import { type HotSkill, versionFor } from './hot-skill.ts'
import { listOffered, toRoutingDecision } from './record-decision.ts'
import type { SkillBodies } from './skill-bodies.ts'
import type { FoundMenu, Routed, SkillRouter } from './skill-router.ts'

type StableMenu = Decision<HotSkill>['stable']

const topK = 10
/** Agents whose menu is remembered. */
const maxLast = 64

export interface InjectedSkillsDependencies {
  readonly router: SkillRouter
  readonly catalogues: HotCatalogues
  readonly bodies: SkillBodies
  readonly decisions: Pick<DecisionLog, 'record'>
  readonly degradations: Degradations
  readonly captureContent: () => boolean
  readonly hintK: () => number
  readonly now: () => number
}

/** The Skill Router as requests on their way to a model use it. */
export class InjectedSkills implements SkillSource {
  readonly #deps: InjectedSkillsDependencies
  /** By workspace, agent and category. */
  readonly #last = new Map<string, FoundMenu>()
  /** Menus cut to the size asked for last. */
  readonly #fitted = new WeakMap<HotMenu, { readonly menuTokens: number; readonly stable: StableMenu }>()

  constructor(deps: InjectedSkillsDependencies) {
    this.#deps = deps
  }

  isReady(workspaceId: string): boolean {
    return this.#deps.catalogues.find(workspaceId) !== null
  }

  async decide(question: SkillQuestion, isWanted: () => boolean): Promise<SkillDecision> {
    let routed = await this.#route(question)
    let missing = missingOf(routed, question)
    if (missing.length > 0) {
      // What was created a moment ago may not be in memory yet.
      await this.#deps.catalogues.refresh(question.workspaceId)
      routed = await this.#route(question)
      missing = missingOf(routed, question)
    }
    if (question.names === null) this.#rememberMenu(question, routed)
    const persisted = missing.length > 0 || !isWanted() || this.#record(routed, question)
    return { ...this.#describe(routed, question, persisted), missing }
  }

  offerLast(question: SkillQuestion): SkillDecision | null {
    const last = this.#last.get(agentKey(question))
    if (last === undefined) return null
    const { router, degradations } = this.#deps
    const found = { ...last, degradedReason: degradations.record('routing_late', null) }
    const plain = { ...question, query: null, names: null }
    const routed = router.offerMenu(found, decideMenu(last.menu, null))
    return this.#describe(routed, plain, this.#record(routed, plain))
  }

  #describe(routed: Routed, question: SkillQuestion, persisted: boolean): SkillDecision {
    const hinted = hintedOf(routed.decision, question, this.#deps.hintK())
    const stable = this.#stableOf(routed, question)
    const unseen = hinted.filter(({ name }) => !stable.names.includes(name))
    return {
      routingId: routed.routingId ?? '',
      stableMenu: stable.text,
      hintedMenu: menuOf(hinted.toSorted(compareNames), []).text,
      menuInstruction,
      routingHint: renderHint(hinted, unseen),
      offered: routed.decision.rows.map(({ skill }) => skill.name),
      hinted: hinted.map(({ name }) => name),
      visible: [...stable.names, ...unseen.map(({ name }) => name)],
      degradedReason:
        routed.degradedReason ??
        (persisted ? null : this.#deps.degradations.record('decision_write_failed', null)),
      missing: [],
    }
  }

  async find(
    workspaceId: string,
    agentName: string | null,
    name: string,
    pinned?: PinnedVersions,
  ): Promise<LoadableSkill | null> {
    const { catalogues, bodies } = this.#deps
    const catalogue = catalogues.find(workspaceId) ?? (await catalogues.load(workspaceId))
    const skill = catalogue.find(name, agentName)
    if (skill === null) return null
    const { skillId } = skill
    const version = await bodies.read(workspaceId, skillId, {
      versionId: pinned?.get(skillId) ?? versionFor(skill, agentName).versionId,
    })
    if (version === null || version.isQuarantined || version.safetyStatus === 'blocked') return null
    const { versionId, contentHash, body } = version
    return {
      name: skill.name,
      skillId,
      versionId,
      contentHash,
      body,
      files: version.files,
    }
  }

  async readFile(workspaceId: string, { versionId }: LoadableSkill, path: string): Promise<string | null> {
    const [bytes] = await this.#deps.bodies.readFiles(workspaceId, versionId, [path])
    return bytes === null || bytes === undefined ? null : Buffer.from(bytes).toString('utf8')
  }

  async #route(question: SkillQuestion): Promise<Routed> {
    const { workspaceId, agentName, category, query, model, names } = question
    const { router } = this.#deps
    if (query !== null && names === null) {
      const plain = { maxMenuSize: null, minRelevance: null, exclude: [], dryRun: false, routingId: null }
      return router.route({ workspaceId, agentName, category, query, model, topK, ...plain })
    }
    const found = await router.findMenu(workspaceId, agentName, category)
    return names === null
      ? router.offerMenu(found, decideMenu(found.menu, null))
      : this.#offerNamed(found, names)
  }

  /** A menu of exactly these, all of them in the hint. */
  #offerNamed(found: FoundMenu, names: readonly string[]): Routed {
    const wanted = new Set(names)
    const entries = found.menu.entries.filter((skill) => isNamed(skill, wanted))
    const menu = createEligibleMenu({ entries, preferred: [], stableMenuMaxTokens: Number.POSITIVE_INFINITY })
    return this.#deps.router.offerMenu(found, decideMenu(menu, null))
  }

  #rememberMenu(question: SkillQuestion, { menu, catalogueDigest, degradedReason, timings }: Routed): void {
    const key = agentKey(question)
    this.#last.delete(key)
    this.#last.set(key, { menu, catalogueDigest, degradedReason, timings })
    const [oldest] = this.#last.keys()
    if (this.#last.size > maxLast && oldest !== undefined) this.#last.delete(oldest)
  }

  #record(routed: Routed, { workspaceId, caller, agentName, model, query }: SkillQuestion): boolean {
    const { decisions, captureContent, now } = this.#deps
    const asker = {
      workspaceId,
      caller,
      agentName,
      model,
      query,
      source: 'gateway',
      captureContent: captureContent(),
      now: now(),
    } as const
    return decisions.record(
      toRoutingDecision(routed, asker, {
        offered: listOffered(routed.decision.rows, routed.menu.agent),
        offerDigest: null,
      }),
    )
  }

  /** The same for every request to a catalogue, so that prompts which begin with it can be cached. */
  #stableOf({ decision, menu }: Routed, { names, menuTokens }: SkillQuestion): StableMenu {
    if (names !== null) return decision.stable
    if (menuTokens === null || menu.stable.text.length <= 4 * menuTokens) return menu.stable
    const kept = this.#fitted.get(menu)
    if (kept?.menuTokens === menuTokens) return kept.stable
    const stable = menuOf(menu.entries, menu.preferred, menuTokens)
    this.#fitted.set(menu, { menuTokens, stable })
    return stable
  }
}

function menuOf(
  entries: readonly HotSkill[],
  preferred: readonly HotSkill[],
  maxTokens = Number.POSITIVE_INFINITY,
): StableMenu {
  return createEligibleMenu({ entries, preferred, stableMenuMaxTokens: maxTokens }).stable
}

/** What fits, with a row for what the menu of a large catalogue has no room for. */
function renderHint(hinted: readonly HotSkill[], unseen: readonly HotSkill[]): string {
  const hint = renderRoutingHint(hinted.map(({ name }) => name))
  return unseen.length === 0 ? hint : `${hint}\n\n${menuOf(unseen, []).text}`
}

const agentKey = ({ workspaceId, agentName, category }: SkillQuestion): string =>
  [workspaceId, agentName ?? '', category ?? ''].join('\n')

function missingOf({ decision }: Routed, { names }: SkillQuestion): readonly string[] {
  return names?.filter((name) => !isOffered(decision, name)) ?? []
}

function isOffered({ rows }: Decision<HotSkill>, name: string): boolean {
  const wanted = new Set([name])
  return rows.some(({ skill }) => isNamed(skill, wanted))
}

/** What fits best: of a route what was selected, of named skills all of them, of a menu nothing. */
function hintedOf(
  { rows }: Decision<HotSkill>,
  { query, names, hintK }: SkillQuestion,
  usual: number,
): HotSkill[] {
  if (names !== null) return rows.map(({ skill }) => skill)
  if (query === null) return []
  const selected = rows.filter((row) => row.selected && row.ranking !== null)
  return selected.slice(0, hintK ?? usual).map(({ skill }) => skill)
}

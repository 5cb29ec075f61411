import { estimateTokens } from '@routeiq/router'
import type { SkillInjectionConfig } from '../config/config.ts'
import type { CacheControl } from '../conversation/part.ts'
import type { ConversationRequest } from '../conversation/request.ts'
import type { Caller } from '../identity/caller.ts'
import { within } from '../within.ts'
import { chooseToolNames, hasClientRouter } from './client-router.ts'
import type { CodeRuns } from './code-runs.ts'
import { findHumanTurns, type HumanTurn } from './human-turns.ts'
import { renderBody } from './load-skill-tool.ts'
import { RecentMenus } from './recent-menus.ts'
import { SkillLoads, type SkillTexts } from './skill-loads.ts'
import type { PinnedVersions, SkillDecision, SkillSource } from './skill-source.ts'
import { SkillTurn } from './skill-turn.ts'
import type { SkipReason } from './skills-outcome.ts'
import type { SkillsWish } from './skills-wish.ts'
import type { TurnRecord } from './turn-record.ts'
import type { AnswerFacts } from './turn-reports.ts'
import type { TurnStore } from './turn-store.ts'

/** The operator's choices for what a request gets once it is to get skills. */
export type InjectionPolicy = Omit<SkillInjectionConfig, 'byDefault' | 'allowOverride'>

/** A request that wants skills. */
export interface SkillsAsked {
  readonly wish: SkillsWish
  readonly conversation: ConversationRequest
  readonly workspaceId: string
  readonly caller: Caller
  /** Tells callers and sessions apart. */
  readonly owner: string
  readonly agentName: string | null
  readonly model: string
  /** Versions the request is not to be answered without, whatever is served otherwise. */
  readonly pinned?: PinnedVersions
  /** Runs the model's code; null for none. */
  readonly code?: CodeRuns | null
  /** Only to see what would be sent: nothing is recorded. */
  readonly isDryRun?: boolean
  /** A decision to go on with, given by the caller. */
  readonly routingId: string | null
  /** Of the model that will probably answer; null when unknown. */
  readonly contextTokens: number | null
  /** The model cannot call tools, or its answer must not be gone on with. */
  readonly withoutTool: boolean
}

export interface SkillInjectorOptions {
  readonly source: SkillSource
  readonly turns: TurnStore
  readonly policy: () => InjectionPolicy
  /** Tells how a request of a turn went, for its trace. */
  readonly report: (workspaceId: string, record: TurnRecord, answer: AnswerFacts) => void
  readonly now: () => number
}

/** For skills a request is not to be answered without. */
const pinnedTimeoutMs = 5_000
/** For the first request of a workspace, which waits until the Skill Router has what it chooses from. */
const firstTimeoutMs = 2_000
const continuationMs = 600_000
const loadWindowMs = 20_000
const contextShare = 0.8
/** Providers cache no shorter prefix. */
const cacheableTokens = 1_024
const ephemeral: CacheControl = { type: 'ephemeral' }

/** A name that was to be used and is no skill the caller may see. */
export class MissingSkills extends Error {
  readonly names: readonly string[]

  constructor(names: readonly string[]) {
    super(`no skill is called ${names.join(', ')}`)
    this.names = names
  }
}

/** Gives requests their skills: decides once a turn, and repeats what was decided for everything that follows in it. */
export class SkillInjector {
  readonly #options: SkillInjectorOptions
  readonly #menus: RecentMenus

  constructor(options: SkillInjectorOptions) {
    this.#options = options
    this.#menus = new RecentMenus(options.now)
  }

  /** The skills of a request, or why it gets none. Errors: MissingSkills for names the wish insists on. */
  async begin(asked: SkillsAsked): Promise<SkillTurn | SkipReason> {
    if (hasClientRouter(asked.conversation)) return 'client-router'
    const human = findHumanTurns(asked.conversation.messages, asked.owner)
    const known = await this.#options.turns.find(human.map(({ digest }) => digest))
    const current = human.at(-1) ?? null
    const before = current === null ? undefined : known.get(current.digest)
    const record = this.#mayContinue(before, asked, current) ? before : await this.#decide(asked, current)
    return typeof record === 'string' ? record : this.#open(asked, record, human, known)
  }

  /** Whether a request goes on with a turn, rather than beginning one. */
  #mayContinue(
    record: TurnRecord | undefined,
    { conversation, routingId }: SkillsAsked,
    current: HumanTurn | null,
  ): record is TurnRecord {
    if (record === undefined || current === null) return false
    if (routingId !== null) return record.routingId === routingId
    const isFresh = current.index === conversation.messages.length - 1
    return !isFresh && this.#options.now() - record.createdAt < continuationMs
  }

  async #decide(asked: SkillsAsked, current: HumanTurn | null): Promise<TurnRecord | SkipReason> {
    const { source, policy } = this.#options
    const { wish, workspaceId, caller, agentName, model } = asked
    const query = wish.mode === 'auto' && current !== null && current.text !== '' ? current.text : null
    const question = {
      workspaceId,
      caller,
      query,
      agentName,
      model,
      category: wish.category,
      hintK: wish.hint ? wish.hintK : 0,
      menuTokens: wish.menuTokens ?? policy().menuTokens,
      names: wish.mode === 'list' ? wish.names : null,
    }
    let isWanted = asked.isDryRun !== true
    const decision = await within(
      this.#timeoutFor(asked),
      source.decide(question, () => isWanted).catch(() => 'error' as const),
    )
    if (decision === 'timeout') {
      isWanted = false
      const last = question.names === null && asked.isDryRun !== true ? source.offerLast(question) : null
      return last === null ? 'timeout' : this.#record(asked, last)
    }
    if (decision === 'error') return decision
    if (decision.missing.length > 0 && wish.missing === 'error') throw new MissingSkills(decision.missing)
    if (decision.stableMenu === '') return 'no-eligible'
    return this.#record(asked, decision)
  }

  #timeoutFor({ workspaceId, pinned }: SkillsAsked): number {
    if (pinned !== undefined) return pinnedTimeoutMs
    const { source, policy } = this.#options
    const { routeTimeoutMs } = policy()
    return source.isReady(workspaceId) ? routeTimeoutMs : Math.max(routeTimeoutMs, firstTimeoutMs)
  }

  async #record(asked: SkillsAsked, decision: SkillDecision): Promise<TurnRecord | SkipReason> {
    const { wish, agentName } = asked
    const isInline = asked.withoutTool || !wish.tool
    const loads = this.#loadsOf(asked, { loaded: [], fileTokens: 0 })
    const bodies = await this.#inline(asked, decision, wish.bodies ?? (isInline ? 1 : 0), loads)
    const blocks = [decision.stableMenu, decision.hintedMenu].map((menu) =>
      [`${menu}\n${decision.menuInstruction}\n`, ...bodies].join('\n'),
    )
    const stableBlock = blocks.find((block) => !exceeds(asked, block))
    if (stableBlock === undefined) return 'context-budget'
    return {
      routingId: decision.routingId,
      mode: isInline ? 'inline' : wish.mode === 'off' ? 'menu' : wish.mode,
      stableBlock,
      hint: wish.hint ? decision.routingHint : '',
      agentName,
      offered: decision.offered,
      hinted: decision.hinted,
      visible: decision.visible,
      deploymentId: null,
      degradedReason: decision.degradedReason,
      loaded: loads.loaded,
      fileTokens: 0,
      hidden: [],
      isClosed: false,
      createdAt: this.#options.now(),
    }
  }

  /** The best skills' bodies, as far as they fit. */
  async #inline(
    { workspaceId, agentName, pinned }: SkillsAsked,
    decision: SkillDecision,
    count: number,
    loads: SkillLoads,
  ): Promise<string[]> {
    const { source, now } = this.#options
    const texts: string[] = []
    for (const name of decision.hinted.slice(0, count)) {
      const skill = await source.find(workspaceId, agentName, name, pinned).catch(() => null)
      const text = skill === null ? '' : `${renderBody(skill)}\n`
      if (skill === null || !loads.takeInlined(skill, text, now())) break
      texts.push(text)
    }
    return texts
  }

  #open(
    asked: SkillsAsked,
    record: TurnRecord,
    human: readonly HumanTurn[],
    known: ReadonlyMap<string, TurnRecord>,
  ): SkillTurn {
    const { turns, policy, report, now } = this.#options
    const { rounds, beforeSystem, holdsPreamble, readsFiles } = policy()
    const code = asked.code ?? null
    const current = human.at(-1)
    const records = human.map((turn) => (turn === current ? record : known.get(turn.digest)))
    const hints = new Map<number, string>()
    human.forEach(({ index }, at) => {
      const hint = records[at]?.hint ?? ''
      if (hint !== '') hints.set(index, hint)
    })
    return new SkillTurn({
      record,
      earlier: records.slice(0, -1).flatMap((earlier) => earlier?.hidden ?? []),
      hints,
      placement: { beforeSystem, cacheControl: this.#cacheControl(asked, record) },
      toolNames:
        record.mode === 'inline'
          ? null
          : chooseToolNames(asked.conversation, { readsFiles, runsCode: code !== null }),
      code,
      holdsPreamble,
      maxRounds: rounds,
      loads: this.#loadsOf(asked, record),
      remember: (becoming) => {
        if (current !== undefined) turns.remember(current.digest, becoming)
      },
      report: (after, answer) => report(asked.workspaceId, after, answer),
      now,
    })
  }

  #loadsOf(
    { wish, workspaceId, agentName, pinned }: SkillsAsked,
    before: Pick<TurnRecord, 'loaded' | 'fileTokens'>,
  ): SkillLoads {
    const { source, policy } = this.#options
    const limits = {
      bodies: policy().bodies,
      bodyTokens: wish.bodyTokens ?? policy().bodyTokens,
      windowMs: loadWindowMs,
    }
    const texts: SkillTexts = {
      find: (name) => source.find(workspaceId, agentName, name, pinned),
      readFile: (skill, path) => source.readFile(workspaceId, skill, path),
    }
    return new SkillLoads(limits, texts, before)
  }

  /** A mark is worth its write only for a prefix that comes again. */
  #cacheControl({ conversation }: SkillsAsked, { stableBlock }: TurnRecord): CacheControl | null {
    const { cacheControl } = this.#options.policy()
    if (cacheControl === 'always') return ephemeral
    if (cacheControl === 'never' || estimateTokens(stableBlock.length) < cacheableTokens) return null
    return this.#menus.seenAgain(stableBlock) && countMarks(conversation) < 4 ? ephemeral : null
  }
}

function exceeds({ conversation, contextTokens }: SkillsAsked, stableBlock: string): boolean {
  if (contextTokens === null) return false
  const characters = conversation.messages
    .flatMap(({ parts }) => parts)
    .reduce((sum, part) => sum + (part.type === 'text' ? part.text.length : 0), stableBlock.length)
  return estimateTokens(characters) > contextShare * contextTokens
}

function countMarks({ messages, tools }: ConversationRequest): number {
  const parts = messages.flatMap((message) => message.parts)
  const marked = (value: object): boolean => 'cacheControl' in value && value.cacheControl !== undefined
  return [...parts, ...tools].filter(marked).length
}

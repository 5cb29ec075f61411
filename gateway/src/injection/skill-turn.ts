import type { ToolCallPart, ToolResultPart } from '../conversation/part.ts'
import type { ReplyPart } from '../conversation/reply.ts'
import type { ConversationMessage, ConversationRequest, FunctionTool } from '../conversation/request.ts'
import type { ToolNames } from './client-router.ts'
import { type CodeRuns, mostRuns } from './code-runs.ts'
import { codeTool } from './code-tool.ts'
import { fingerprintAnswer, keepWithin, restoreHidden, toolResult } from './hidden-answers.ts'
import { bodyHeading, loadSkillTool } from './load-skill-tool.ts'
import { addHints, placeSkills, type SkillPlacement } from './place-skills.ts'
import { readFileTool } from './read-file-tool.ts'
import type { Round } from './round-splicer.ts'
import type { SkillLoads } from './skill-loads.ts'
import type { SkillsOutcome } from './skills-outcome.ts'
import type { HiddenAnswer, TurnRecord } from './turn-record.ts'
import type { AnswerFacts } from './turn-reports.ts'

/** Tokens of bodies that earlier answers of a conversation may bring back. */
const replayedTokens = 12_000

export interface SkillTurnOptions {
  /** The turn as it was before this request. */
  readonly record: TurnRecord
  /** What earlier turns of the conversation have hidden, oldest first. */
  readonly earlier: readonly HiddenAnswer[]
  /** Hints by the index of their human message. */
  readonly hints: ReadonlyMap<number, string>
  readonly placement: Pick<SkillPlacement, 'cacheControl' | 'beforeSystem'>
  /** What our tools are called; null for a turn without them. */
  readonly toolNames: ToolNames | null
  /** Short text in front of a call of our tools is left out. */
  readonly holdsPreamble: boolean
  /** Rounds of our tools one request may make. */
  readonly maxRounds: number
  readonly loads: SkillLoads
  /** Runs the model's code; null for none. */
  readonly code: CodeRuns | null
  /** Keeps the record for the requests that go on with this turn. */
  readonly remember: (becoming: Promise<TurnRecord>) => void
  /** Tells how the request went. */
  readonly report: (record: TurnRecord, answer: AnswerFacts) => void
  readonly now: () => number
}

/** The skills of one request: what it gets of them, and the calls of our tools that are made on its behalf. */
export class SkillTurn {
  readonly #options: SkillTurnOptions
  readonly #ownTools: ReadonlySet<string>
  readonly #maxRounds: number
  #rounds: ConversationMessage[] = []
  /** Calls of our tools that wait for their answer. */
  #open: readonly ToolCallPart[] = []
  #calls = 0
  #deploymentId: string | null = null
  #after: Promise<TurnRecord> | null = null

  constructor(options: SkillTurnOptions) {
    this.#options = options
    const { load = null, readFile = null, runCode = null } = options.toolNames ?? {}
    this.#ownTools = new Set([readFile, runCode, load].filter((name) => name !== null))
    this.#maxRounds = runCode === null ? options.maxRounds : Math.max(options.maxRounds, mostRuns)
  }

  get holdsPreamble(): boolean {
    return this.#options.holdsPreamble
  }

  /** What our tools are called: nothing of their calls is the client's. */
  get ownTools(): ReadonlySet<string> {
    return this.#ownTools
  }

  /** Whether the model can have code run. */
  get runsCode(): boolean {
    return (this.#options.toolNames?.runCode ?? null) !== null
  }

  /** The deployment the turn began with; null for a turn that begins now. */
  get deploymentId(): string | null {
    return this.#options.record.deploymentId
  }

  get outcome(): SkillsOutcome {
    const { record, loads } = this.#options
    const { mode, routingId, offered, hinted, degradedReason } = record
    return {
      mode,
      routingId,
      offered,
      hinted,
      degradedReason,
      skipped: null,
      dropped: [],
      loaded: loads.loaded,
      upstreamCalls: this.#calls,
    }
  }

  /** A new attempt begins: the rounds of an earlier one do not count, its bodies do. */
  restart(deploymentId: string): void {
    this.#deploymentId = deploymentId
    this.#rounds = []
    this.#open = []
  }

  /**
   * The conversation as the next upstream call gets it: with skills, with what the client never saw, and with the rounds
   * made so far. In the last call a request may make our tools cannot be called, nor in one that is told so.
   */
  prepare(conversation: ConversationRequest, withTool = true): ConversationRequest {
    const { record, hints, earlier, placement, toolNames } = this.#options
    const hidden = keepWithin([...earlier, ...record.hidden], replayedTokens)
    const { messages, used } = restoreHidden(addHints(conversation, hints), hidden)
    const lost = hidden.filter((answer) => record.hidden.includes(answer) && !used.has(answer))
    const mayLoad = withTool && this.#rounds.length < 2 * this.#maxRounds
    // Calls in a conversation want a tool beside them, so that a conversation without other tools keeps ours.
    const isNamed = toolNames !== null && (mayLoad || conversation.tools.length === 0)
    const placed = placeSkills(
      { ...conversation, messages },
      {
        ...placement,
        stableBlock: [record.stableBlock, ...lost.flatMap(bodiesOf)].join('\n'),
        ownTools: isNamed ? describeTools(toolNames) : [],
      },
    )
    this.#calls += 1
    const toolChoice = isNamed && !mayLoad ? ({ type: 'none' } as const) : conversation.toolChoice
    return { ...placed, toolChoice, messages: [...placed.messages, ...this.#rounds] }
  }

  /** Whether the model is to be asked again after a round: it called our tools, and nothing of the client's. */
  takeRound({ parts, internalCalls, clientCalls, finish }: Round): boolean {
    if (internalCalls.length === 0) return false
    this.#rounds.push({ role: 'assistant', parts })
    this.#open = internalCalls
    return clientCalls.length === 0 && finish?.reason !== 'length'
  }

  /** Answers the calls of our tools in the round taken last, so that the next call can be prepared. Never rejects. */
  async serveCalls(): Promise<void> {
    this.#rounds.push({ role: 'tool', parts: await this.#resolveCalls() })
  }

  /**
   * The answer is complete. `last` is its last round, `visible` what the client got of all of them. Remembers the turn,
   * and what the client did not see of it.
   */
  finish(last: Round, visible: readonly ReplyPart[]): void {
    this.#after = this.#complete(last, visible)
    this.#options.remember(this.#after)
  }

  /** The client has gone: what runs on its behalf is ended. */
  abandon(): void {
    this.#options.code?.stop()
  }

  /** The request is over, whatever became of it. */
  settle(answer: AnswerFacts): void {
    const { record, loads, report } = this.#options
    if (this.#after !== null) void this.#after.then((after) => report(after, answer))
    else {
      const { loaded, fileTokens } = loads
      report({ ...record, loaded, fileTokens, isClosed: true }, answer)
    }
  }

  async #complete(last: Round, visible: readonly ReplyPart[]): Promise<TurnRecord> {
    const { record, loads } = this.#options
    const held = await this.#resolveCalls()
    const isHidden = this.#rounds.length > 0
    if (isHidden && last.internalCalls.length === 0)
      this.#rounds.push({ role: 'assistant', parts: last.parts })
    const hidden = isHidden ? [...record.hidden, this.#hide(visible, held)] : record.hidden
    const isClosed = last.clientCalls.length === 0
    const { loaded, fileTokens } = loads
    return { ...record, deploymentId: this.#deploymentId, loaded, fileTokens, hidden, isClosed }
  }

  async #resolveCalls(): Promise<readonly ToolResultPart[]> {
    const results: ToolResultPart[] = []
    // One after the other, because each takes its share of the budget.
    for (const { id, name, arguments: given } of this.#open) {
      results.push(toolResult(id, await this.#resolve(name, given)))
    }
    this.#open = []
    return results
  }

  #resolve(name: string, given: string): Promise<string> {
    const { loads, code, toolNames, now } = this.#options
    if (code !== null && name === toolNames?.runCode) return code.run(given)
    return name === toolNames?.readFile ? loads.readFile(given, now()) : loads.load(given, now())
  }

  #hide(visible: readonly ReplyPart[], held: HiddenAnswer['held']): HiddenAnswer {
    const { record, loads, code } = this.#options
    const read = loads.fileTokens - record.fileTokens + (code?.tokens ?? 0)
    const tokens = loads.loaded.slice(record.loaded.length).reduce((sum, { tokens }) => sum + tokens, read)
    const fingerprint = fingerprintAnswer([{ role: 'assistant', parts: visible }])
    return { fingerprint, messages: this.#rounds, held, tokens }
  }
}

/** The tool that loads stands last, files or not. */
function describeTools({ load, readFile, runCode }: ToolNames): readonly FunctionTool[] {
  return [
    ...(runCode === null ? [] : [codeTool(runCode)]),
    ...(readFile === null ? [] : [readFileTool(readFile)]),
    loadSkillTool(load),
  ]
}

/** Bodies whose place in the conversation is not to be found any more, to stand behind the menu. */
function bodiesOf({ messages, held }: HiddenAnswer): readonly string[] {
  const results = [...messages.flatMap(({ parts }) => parts), ...held].filter(
    (part) => part.type === 'tool-result',
  )
  const texts = results.flatMap(({ parts }) =>
    parts.flatMap((part) => (part.type === 'text' ? part.text : [])),
  )
  return texts.filter((text) => text.startsWith(bodyHeading)).map((text) => `${text}\n`)
}

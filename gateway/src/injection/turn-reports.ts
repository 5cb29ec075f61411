import type { Usage } from '../conversation/usage.ts'
import type { TurnRecord } from './turn-record.ts'

/** One upstream call behind an answer. */
interface CallFacts {
  readonly usage: Usage | null
  /** USD. */
  readonly cost: number | null
}

/** How one request of a turn went. Times are epoch milliseconds. */
export interface AnswerFacts {
  readonly isSuccess: boolean
  readonly errorCode: string | null
  /** The provider's name of it. */
  readonly model: string
  readonly provider: string
  readonly startedAt: number
  readonly endedAt: number
  readonly calls: readonly CallFacts[]
}

/** The trace of a turn, in the form clients send theirs in. */
export type TurnTrace = Readonly<Record<string, unknown>>

export interface TurnReportsOptions {
  readonly write: (workspaceId: string, trace: TurnTrace) => void
  readonly newId: () => string
}

interface OpenTurn {
  readonly workspaceId: string
  record: TurnRecord
  readonly answers: AnswerFacts[]
  timer: NodeJS.Timeout
}

const idleMs = 60_000
const maxOpen = 10_000

/** Writes one trace a turn: when the model has given its answer, or a minute after the last request of the turn. */
export class TurnReports {
  readonly #options: TurnReportsOptions
  readonly #open = new Map<string, OpenTurn>()

  constructor(options: TurnReportsOptions) {
    this.#options = options
  }

  add(workspaceId: string, record: TurnRecord, answer: AnswerFacts): void {
    const key = `${workspaceId}\n${record.routingId}`
    const turn = this.#open.get(key) ?? { workspaceId, record, answers: [], timer: setTimeout(() => {}, 0) }
    clearTimeout(turn.timer)
    turn.record = record
    turn.answers.push(answer)
    if (record.isClosed || this.#open.size >= maxOpen) {
      this.#write(key, turn)
      return
    }
    turn.timer = setTimeout(() => this.#write(key, turn), idleMs)
    turn.timer.unref()
    this.#open.set(key, turn)
  }

  /** Writes what is still open. */
  close(): void {
    for (const [key, turn] of this.#open) this.#write(key, turn)
  }

  #write(key: string, { workspaceId, record, answers, timer }: OpenTurn): void {
    clearTimeout(timer)
    this.#open.delete(key)
    this.#options.write(workspaceId, describeTurn(this.#options.newId(), record, answers))
  }
}

function describeTurn(id: string, record: TurnRecord, answers: readonly AnswerFacts[]): TurnTrace {
  const { loaded } = record
  const last = answers.at(-1)
  return {
    id,
    agent_name: record.agentName ?? 'gateway',
    status: last?.isSuccess === true ? 'success' : 'error',
    source_type: 'gateway',
    routing_id: record.routingId,
    started_at: toTime(answers[0]?.startedAt ?? record.createdAt),
    ended_at: toTime(last?.endedAt ?? record.createdAt),
    ...(last === undefined || last.errorCode === null ? {} : { error_code: last.errorCode }),
    llm_calls: answers.flatMap((answer) =>
      answer.calls.map((call, at) => describeCall(id, answer, call, at)),
    ),
    skills_offered_in_prompt: record.visible,
    skills_delivered: loaded.map(({ name }) => name),
    skills_delivered_versions: loaded.map(({ name, contentHash, skillId, versionId }) => ({
      name,
      hash: contentHash,
      skill_id: skillId,
      version_id: versionId,
      routing_id: record.routingId,
    })),
    skills_loaded_by_agent: loaded.filter(({ asked }) => asked).map(({ name }) => name),
  }
}

function describeCall(id: string, answer: AnswerFacts, { usage, cost }: CallFacts, at: number): object {
  return {
    id: `${id}-${at}`,
    provider: answer.provider,
    model_name: answer.model,
    status: answer.isSuccess ? 'success' : 'error',
    latency_ms: Math.max(0, Math.round(answer.endedAt - answer.startedAt)),
    ...(usage === null
      ? {}
      : {
          input_tokens: usage.inputTokens,
          output_tokens: usage.outputTokens,
          cache_read_tokens: usage.cacheReadTokens,
          cache_creation_tokens: usage.cacheWriteTokens,
        }),
    ...(cost === null ? {} : { cost_usd: cost }),
  }
}

const toTime = (epochMs: number): string => new Date(epochMs).toISOString()

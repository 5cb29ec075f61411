import { createHash } from 'node:crypto'
import type { A2aConfig } from '../../config/config.ts'
import { readNumber, readRecord, readText } from '../../conversation/json-value.ts'
import { parsePico } from '../../pricing/parse-pico.ts'
import type { SharedState } from '../../storage/shared-state/shared-state.ts'
import type { RemoteAgent } from '../agents/remote-agent.ts'
import type { AgentCall } from '../relay/agent-call.ts'
import { type Limit, minuteLimit, wholeLimit } from './limit.ts'

const minuteMs = 60_000
const picoPerNano = 1_000n

export interface AgentLimitsOptions {
  readonly state: Pick<SharedState, 'increment'>
  /** `messagesPerMinute` is for agents without a limit of their own, messages that begin tasks; 0 for no limit. */
  readonly settings: () => Pick<A2aConfig, 'messagesPerMinute' | 'iterationsTtlMs' | 'sessionBudgetTtlMs'>
  readonly now: () => number
}

/**
 * Holds messages to what an agent takes from all of its callers together, and in each conversation. Every process and
 * replica counts together. The first message of a conversation is counted once the agent has named it.
 */
export class AgentLimits {
  readonly #options: AgentLimitsOptions

  constructor(options: AgentLimitsOptions) {
    this.#options = options
  }

  /** Counts a message. Errors: RATE_LIMITED, BUDGET_EXCEEDED. */
  async admit(call: AgentCall): Promise<void> {
    const limits = this.#limitsOf(call, contextOf(call))
    if (limits.length === 0) return
    const [messages, used] = [limits.filter(isOfMessages), limits.filter((limit) => !isOfMessages(limit))]
    const counted = await this.#count(used.map((limit) => ({ ...limit, by: 0, limit: null })))
    const spent = used.find(({ most }, index) => (counted.values[index] ?? 0) >= most)
    const added = await this.#count(
      spent === undefined ? messages.map((limit) => ({ ...limit, by: 1, limit: limit.most })) : [],
    )
    const refusing = spent ?? messages[added.refusedBy ?? messages.length]
    if (refusing !== undefined) throw refusing.refuse(this.#secondsLeft())
  }

  /** Counts what a message turned out to be: its conversation if that is new, its tokens, its price. */
  async settle(call: AgentCall, costPico: bigint | null): Promise<void> {
    const { contextId, usage } = call.report
    const isNew = contextOf(call) === null
    const tokens = (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0)
    const used = { tokens, 'nano-usd': Number((costPico ?? 0n) / picoPerNano) }
    const increments = this.#limitsOf(call, contextId).flatMap((limit) => {
      const isNews = limit.ofConversation && isNew
      const by = limit.counts === 'messages' ? Number(isNews) : used[limit.counts]
      return by > 0 ? [{ ...limit, by, limit: null }] : []
    })
    await this.#count(increments)
  }

  async #count(increments: Parameters<SharedState['increment']>[0]): ReturnType<SharedState['increment']> {
    return increments.length === 0
      ? { refusedBy: null, values: [] }
      : this.#options.state.increment(
          increments.map(({ key, by, ttlMs, limit }) => ({ key, by, ttlMs, limit })),
        )
  }

  #limitsOf(call: AgentCall, contextId: string | null): (Limit & { readonly ofConversation: boolean })[] {
    const ofAgent = this.#ofAgent(call).map((limit) => ({ ...limit, ofConversation: false }))
    if (contextId === null) return ofAgent
    const ofContext = this.#ofConversation(call.agent, contextId)
    return [...ofAgent, ...ofContext.map((limit) => ({ ...limit, ofConversation: true }))]
  }

  #ofAgent({ agent: { agentId, requestsPerMinute, others }, params }: AgentCall): Limit[] {
    const continuesTask = readText(readRecord(params['message'])?.['taskId']) !== null
    const standard = continuesTask ? 0 : this.#options.settings().messagesPerMinute
    const key = `a2a:${agentId}:${this.#minute()}`
    return [
      ...minuteLimit(key, 'messages', requestsPerMinute ?? (standard === 0 ? null : standard), 'This agent'),
      ...minuteLimit(key, 'tokens', readNumber(others['tpm_limit']), 'This agent'),
    ]
  }

  #ofConversation(agent: RemoteAgent, contextId: string): Limit[] {
    if (!limitsConversations(agent)) return []
    const { agentId, others, params } = agent
    const key = `a2a:${digest(`${agentId}\n${contextId}`)}`
    const minute = `${key}:${this.#minute()}`
    const who = 'A conversation with this agent'
    const { iterationsTtlMs, sessionBudgetTtlMs } = this.#options.settings()
    const budget = parsePico(params['max_budget_per_session'])
    return [
      ...minuteLimit(minute, 'messages', readNumber(others['session_rpm_limit']), who),
      ...minuteLimit(minute, 'tokens', readNumber(others['session_tpm_limit']), who),
      ...wholeLimit(key, 'messages', readNumber(params['max_iterations']), iterationsTtlMs),
      ...wholeLimit(
        key,
        'nano-usd',
        budget === null ? null : Number(budget / picoPerNano),
        sessionBudgetTtlMs,
      ),
    ]
  }

  #minute(): number {
    return Math.floor(this.#options.now() / minuteMs)
  }

  #secondsLeft(): number {
    return Math.ceil(((this.#minute() + 1) * minuteMs - this.#options.now()) / 1000)
  }
}

function limitsConversations({ others, params }: RemoteAgent): boolean {
  return [
    ...[others['session_rpm_limit'], others['session_tpm_limit']],
    ...[params['max_iterations'], params['max_budget_per_session']],
  ].some((value) => value !== undefined && value !== null)
}

const isOfMessages = ({ counts }: Limit): boolean => counts === 'messages'

function contextOf({ params }: AgentCall): string | null {
  return readText(readRecord(params['message'])?.['contextId'])
}

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 22)

import { createHash } from 'node:crypto'
import { parseJson, readRecord } from '../../conversation/json-value.ts'
import type { KeyRing, SealedPlace } from '../../secrets/key-ring.ts'
import type { UserEgress } from '../../transport/egress/user-egress.ts'
import type { A2aStore, PushRow } from '../a2a-store.ts'
import type { AgentCards } from '../cards/agent-cards.ts'
import { A2aError } from '../protocol/a2a-error.ts'
import type { AgentCall } from '../relay/agent-call.ts'
import { principalOf } from '../tasks/task-ledger.ts'
import { type PushConfig, readPushConfig } from './push-config.ts'

export interface PushTargetsOptions {
  readonly store: A2aStore
  readonly cards: AgentCards
  readonly egress: UserEgress
  readonly base: (exchange: AgentCall['exchange']) => { readonly url: string; readonly isPublic: boolean }
  readonly keyRing: KeyRing
  /** 256 random bits as text that fits into a path. */
  readonly newToken: () => string
  readonly newId: () => string
}

/** What an agent is told in place of the client's target. */
export interface Callback {
  readonly url: string
  readonly id: string
}

/**
 * Clients' push targets. An agent never learns them: it pushes to the gateway, at an address that nobody can guess,
 * and the gateway pushes on.
 */
export class PushTargets {
  readonly #options: PushTargetsOptions

  constructor(options: PushTargetsOptions) {
    this.#options = options
  }

  /** Errors: -32003 where news cannot come back, -32602 for an address that may not be called. */
  async require(call: AgentCall, url: string): Promise<void> {
    const card = await this.#options.cards.find(call.agent)
    const isOffered = readRecord(card?.['capabilities'])?.['pushNotifications'] === true
    const base = this.#options.base(call.exchange)
    if (!isOffered || !base.isPublic)
      throw new A2aError(
        'PUSH_NOTIFICATION_NOT_SUPPORTED',
        'Push notifications are not supported for this agent.',
      )
    const refusal = isAtOrigin(url, base.url)
      ? 'it is one of the gateway itself'
      : await this.#options.egress.refuseTarget(url)
    if (refusal !== null)
      throw new A2aError('INVALID_PARAMS', `params.url: this address may not be called: ${refusal}.`)
  }

  /** Keeps a target and gives what the agent is told instead. `taskId` is empty while the task has none yet. */
  async keep(call: AgentCall, taskId: string, config: PushConfig): Promise<Callback> {
    const token = this.#options.newToken()
    const tokenHash = hash(token)
    await this.#options.store.savePush({
      agentId: call.agent.agentId,
      taskId,
      configId: taskId === '' ? tokenHash : config.configId,
      keyHash: call.caller.kind === 'key' ? call.caller.keyHash : null,
      tokenHash,
      config: this.#options.keyRing.seal(placeOf(tokenHash), JSON.stringify(config)),
    })
    const { url } = this.#options.base(call.exchange)
    return { url: `${url}/a2a/${call.agent.agentId}/push/${token}`, id: config.configId }
  }

  /** A message with a target of its own goes on with the gateway's in its place. */
  async replaceTarget(call: AgentCall): Promise<AgentCall> {
    const name = call.version === '1.0' ? 'taskPushNotificationConfig' : 'pushNotificationConfig'
    const configuration = readRecord(call.params['configuration'])
    const given = configuration?.[name]
    if (configuration === null || given === undefined || given === null) return call
    const { owner } = principalOf(call.caller)
    const config = readPushConfig(given, call.version, owner, this.#options.newId)
    await this.require(call, config.url)
    const message = readRecord(call.params['message'])
    const taskId = typeof message?.['taskId'] === 'string' ? message['taskId'] : ''
    const callback = await this.keep(call, taskId, config)
    return { ...call, params: { ...call.params, configuration: { ...configuration, [name]: callback } } }
  }

  async list(call: AgentCall, taskId: string): Promise<readonly PushConfig[]> {
    const rows = await this.#options.store.listPush(call.agent.agentId, taskId)
    return rows.flatMap((row) => this.#open(row) ?? [])
  }

  async remove(call: AgentCall, taskId: string, configId: string): Promise<void> {
    await this.#options.store.removePush(call.agent.agentId, taskId, configId)
  }

  newConfig(value: unknown, { version, caller }: AgentCall): PushConfig {
    return readPushConfig(value, version, principalOf(caller).owner, this.#options.newId)
  }

  /** Whose target an address of the gateway stands for; null for an address that nobody was given. */
  async findByToken(token: string): Promise<{ readonly row: PushRow; readonly config: PushConfig } | null> {
    const row = await this.#options.store.findPushByToken(hash(token))
    const config = row === null ? null : this.#open(row)
    return row === null || config === null ? null : { row, config }
  }

  #open(row: PushRow): PushConfig | null {
    const opened = this.#options.keyRing.open(placeOf(row.tokenHash), row.config)
    return opened === null ? null : ((parseJson(opened) as PushConfig | undefined) ?? null)
  }
}

const placeOf = (row: string): SealedPlace => ({ table: 'a2a_push_configs', row })

function isAtOrigin(url: string, base: string): boolean {
  return URL.canParse(url) && new URL(url).origin === new URL(base).origin
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

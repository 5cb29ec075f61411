import { setTimeout as sleep } from 'node:timers/promises'
import type { JsonRecord } from '../../conversation/json-value.ts'
import type { A2aPlane } from '../a2a-plane.ts'
import { openEvent, translateEvent, versionOfEvent } from '../protocol/translate-calls.ts'
import { translateStatusUpdate } from '../protocol/translate-objects.ts'
import type { PushConfig } from './push-config.ts'

const pausesMs = [1_000, 5_000, 25_000]
const maxWaiting = 1_000

export interface PushDeliveryOptions {
  /** Sends one message and resolves with the status of the answer. Refuses addresses a user may not name. */
  readonly post: (url: string, headers: readonly string[], body: string) => Promise<number>
  readonly onDelivered: () => void
  /** News that was given up. */
  readonly onDropped: (agentId: string, reason: string) => void
}

/** Sends news of tasks to clients: in order for each task, four times at most. */
export class PushDelivery {
  readonly #options: PushDeliveryOptions
  readonly #waiting = new Map<string, number>()
  readonly #tails = new Map<string, Promise<void>>()

  constructor(options: PushDeliveryOptions) {
    this.#options = options
  }

  send(agentId: string, taskId: string, config: PushConfig, payload: JsonRecord): void {
    const waiting = this.#waiting.get(agentId) ?? 0
    if (waiting >= maxWaiting) {
      this.#options.onDropped(agentId, 'too much is waiting')
      return
    }
    this.#waiting.set(agentId, waiting + 1)
    const lane = `${agentId}\n${taskId}\n${config.configId}`
    const tail = (this.#tails.get(lane) ?? Promise.resolve())
      .then(() => this.#deliver(agentId, config, JSON.stringify(payload)))
      .finally(() => {
        this.#waiting.set(agentId, (this.#waiting.get(agentId) ?? 1) - 1)
        if (this.#tails.get(lane) === tail) this.#tails.delete(lane)
      })
    this.#tails.set(lane, tail)
  }

  async #deliver(agentId: string, config: PushConfig, body: string): Promise<void> {
    for (const pause of [...pausesMs, null]) {
      const status = await this.#options.post(config.url, headersOf(config), body).catch(() => 0)
      if (status >= 200 && status < 300) return this.#options.onDelivered()
      const isFinal = status !== 0 && status !== 429 && status < 500
      if (isFinal || pause === null) {
        this.#options.onDropped(agentId, status === 0 ? 'nobody answers' : `status ${status}`)
        return
      }
      await sleep(pause, null, { ref: false })
    }
  }
}

function headersOf({ token, authentication, version }: PushConfig): readonly string[] {
  const headers = ['content-type', 'application/json', 'a2a-version', version]
  if (token !== null) headers.push('x-a2a-notification-token', token)
  if (authentication !== null)
    headers.push('authorization', `${capital(authentication.scheme)} ${authentication.credentials}`)
  return headers
}

const capital = (scheme: string): string => (scheme.toLowerCase() === 'bearer' ? 'Bearer' : scheme)

/** News as the client's version has it: 1.0 gets the event, 0.3 a task. Errors: A2aError for what is neither. */
export function translatePush(
  payload: JsonRecord,
  config: PushConfig,
  { up, down }: A2aPlane['translations'],
): JsonRecord {
  const from = versionOfEvent(payload)
  const isCurrent = from === '1.0'
  if (config.version === '1.0') return isCurrent ? payload : translateEvent(payload, up)
  const { name, value } = openEvent(payload, from)
  if (name === 'task') return isCurrent ? translateEvent(payload, down) : payload
  const old = isCurrent && name === 'statusUpdate' ? translateStatusUpdate(value, down) : value
  const { taskId, contextId, status } = old
  return { kind: 'task', id: taskId, contextId, ...(status === undefined ? {} : { status }) }
}

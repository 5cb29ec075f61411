import { GatewayError, type Plugin } from '@routeiq/contract'
import { within } from '../within.ts'
import type { HookArguments, HookName, LoadedPlugin, PluginIdentity } from './loaded-plugin.ts'

/** Calls after an answer that may wait for one plugin; more are left out. */
const mostUnderWay = 1_000

export interface PluginFailure {
  readonly plugin: string
  readonly hook: HookName | 'route'
  readonly outcome: 'error' | 'timeout' | 'dropped'
  readonly error: unknown
  readonly requestId: string | null
}

/** What a guard made of a call or an answer; `pass` is also what it only takes a note of. */
export interface GuardCheck {
  readonly guard: string
  readonly action: 'pass' | 'deny' | 'redact' | 'error'
}

export interface PluginLimits {
  readonly hookMs: number
  readonly onCheck: (check: GuardCheck) => void
  readonly onFailure: (failure: PluginFailure) => void
}

class HookTimeout extends Error {}

/** One plugin at work: its hooks are called under a time limit, and what goes wrong in them stays with it. */
export class RunningPlugin {
  readonly identity: PluginIdentity
  readonly written: string
  readonly isBuiltIn: boolean
  readonly #plugin: Plugin
  readonly #limits: PluginLimits
  readonly #hookMs: number
  #status: 'active' | 'quarantined' | 'failed' = 'active'
  #failures = 0
  #underWay = 0

  constructor({ identity, written, isBuiltIn, instance, hookMs }: LoadedPlugin, limits: PluginLimits) {
    this.identity = identity
    this.written = written
    this.isBuiltIn = isBuiltIn
    this.#plugin = instance
    this.#limits = limits
    this.#hookMs = hookMs ?? limits.hookMs
  }

  /** `failed` did not start. */
  get status(): 'active' | 'quarantined' | 'failed' {
    return this.#status
  }

  get failures(): number {
    return this.#failures
  }

  /** It may refuse, and looks at what goes to models or comes from them. */
  get isGuard(): boolean {
    return (
      this.identity.capabilities.includes('GUARDRAIL') &&
      (this.has('onLlmPreCall') || this.has('onLlmAnswer'))
    )
  }

  has(hook: HookName): boolean {
    return this.#plugin[hook] !== undefined
  }

  /** It did not start and is called no more. */
  giveUp(error: unknown): void {
    this.fail('startup', error, null)
    this.#status = 'failed'
  }

  /** One call. Errors: rejects with whatever the plugin throws, and when it takes longer than `ms`. */
  async run<Name extends HookName>(hook: Name, args: HookArguments<Name>, ms = this.#hookMs) {
    const called = this.#plugin[hook] as ((...args: HookArguments<Name>) => unknown) | undefined
    const value = await within(ms, Promise.resolve(called?.apply(this.#plugin, args)))
    if (value === 'timeout') throw new HookTimeout(`${hook} took longer than ${ms} ms`)
    return value
  }

  /**
   * One call on the way of a request, its result read by `read`; null where the plugin has nothing to say or the request goes
   * on without it. Errors: 500 `plugin_failed` under `abort`; a GatewayError of `read` as it is.
   */
  async ask<Name extends HookName, Result>(
    hook: Name,
    args: HookArguments<Name>,
    requestId: string | null,
    read: (value: unknown) => Result | null,
  ): Promise<Result | null> {
    if (this.#status !== 'active') return null
    try {
      const result = read(await this.run(hook, args))
      this.#noteCheck(hook, result === null ? 'pass' : 'redact')
      return result
    } catch (error) {
      this.#noteCheck(hook, error instanceof GatewayError ? 'deny' : 'error')
      if (error instanceof GatewayError) throw error
      this.fail(hook, error, requestId)
      if (this.identity.failureMode !== 'abort') return null
      throw new GatewayError('plugin_failed', `The plugin ${this.identity.name} of this gateway has failed.`)
    }
  }

  /** What it says of itself; null where it says nothing. */
  async checkHealth(): Promise<unknown> {
    if (this.#status !== 'active' || !this.has('healthCheck')) return null
    try {
      return await this.run('healthCheck', [])
    } catch (error) {
      this.fail('healthCheck', error, null)
      return { status: 'unhealthy' }
    }
  }

  /** One call nobody waits for; `read` gets what it returned. */
  tell<Name extends HookName>(
    hook: Name,
    args: HookArguments<Name>,
    requestId: string | null = null,
    read: (value: unknown) => void = () => {},
  ): void {
    if (this.#status !== 'active') return
    if (this.#underWay >= mostUnderWay) {
      this.#report({ hook, outcome: 'dropped', error: new Error('too many calls are under way'), requestId })
      return
    }
    this.#underWay += 1
    this.run(hook, args)
      .then(read)
      .catch((error: unknown) => this.fail(hook, error, requestId))
      .finally(() => {
        this.#underWay -= 1
      })
  }

  /** Notes a failure, and calls the plugin no more where that follows from it. */
  fail(hook: HookName, error: unknown, requestId: string | null): void {
    if (this.identity.failureMode === 'quarantine') this.#status = 'quarantined'
    this.#report({ hook, outcome: error instanceof HookTimeout ? 'timeout' : 'error', error, requestId })
  }

  #noteCheck(hook: HookName, action: GuardCheck['action']): void {
    const isCheck = hook === 'onLlmPreCall' || hook === 'onLlmAnswer'
    if (isCheck && this.isGuard) this.#limits.onCheck({ guard: this.identity.name, action })
  }

  #report(failure: Omit<PluginFailure, 'plugin'>): void {
    this.#failures += 1
    this.#limits.onFailure({ plugin: this.identity.name, ...failure })
  }
}

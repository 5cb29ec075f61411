import {
  GatewayError,
  type PluginCall,
  type PluginContext,
  type PluginError,
  type PluginInvocation,
  type PluginRequest,
  type PluginResponse,
} from '@routeiq/contract'
import type { Exchange } from '../http/exchange.ts'
import type { ProvidedHolder } from '../identity/provided-holder.ts'
import { describeRequest, readLines } from './describe-request.ts'
import { type Evaluated, type EvaluatorHook, evaluate } from './evaluators.ts'
import {
  type HookArguments,
  type HookName,
  hookNames,
  type LoadedPlugin,
  type PluginIdentity,
  PluginStartError,
} from './loaded-plugin.ts'
import { PluginRoutes } from './plugin-routes.ts'
import { readRefusal } from './read-answer.ts'
import { readPrincipal } from './read-principal.ts'
import { readAnswerVerdict, readVerdict, type Verdict } from './read-verdict.ts'
import { type PluginLimits, RunningPlugin } from './running-plugin.ts'
import { copyOf, messagesOf } from './shown-call.ts'

export interface PluginHostOptions extends PluginLimits {
  readonly startupMs: number
  /** The header the operator has chosen for keys, in lower case. */
  readonly keyHeader: string | null
  readonly contextOf: (plugin: PluginIdentity) => PluginContext
  readonly onEvaluated: (evaluated: Evaluated) => void
}

interface StartedPlugin {
  readonly plugin: RunningPlugin
  readonly context: PluginContext
}

/** What one call of a model came to: members to set as JSON text, or an answer as JSON text. */
export interface ReviewedCall {
  readonly members: ReadonlyMap<string, string>
  readonly answer: string | null
}

/**
 * Calls the hooks of the plugins that run, in their order. Without a plugin for a hook nothing is built and nothing is awaited.
 * A plugin's failure concerns nobody but its own failure mode.
 */
export class PluginHost {
  readonly routes = new PluginRoutes()
  readonly #options: PluginHostOptions
  readonly #started: StartedPlugin[] = []
  readonly #byHook = new Map<HookName, readonly RunningPlugin[]>()
  /** Whether calls of models are shown to anybody. */
  readsCalls = false
  /** Whether somebody reads the answers of models. */
  readsAnswers = false
  /** Whether answers of models wait for somebody's verdict. */
  guardsAnswers = false
  /** Names of the guards that look at calls or answers, as a header tells them; empty for none. */
  guardNames = ''

  constructor(options: PluginHostOptions) {
    this.#options = options
  }

  get plugins(): readonly RunningPlugin[] {
    return this.#started.map(({ plugin }) => plugin)
  }

  /** Starts plugins in their order. Errors: rejects with a `PluginStartError` where one fails that must not. */
  async start(plugins: readonly LoadedPlugin[]): Promise<void> {
    for (const loaded of plugins) {
      const plugin = new RunningPlugin(loaded, this.#options)
      const context = this.#options.contextOf(plugin.identity)
      await this.#startOne(plugin, context)
      this.#started.push({ plugin, context })
    }
    for (const { plugin } of this.#started) if (plugin.status === 'active') this.#enlist(plugin)
    this.readsAnswers = this.#byHook.has('onLlmSuccess')
    this.guardsAnswers = this.#byHook.has('onLlmAnswer')
    this.readsCalls =
      this.readsAnswers ||
      this.guardsAnswers ||
      this.#byHook.has('onLlmPreCall') ||
      this.#byHook.has('onLlmFailure')
    const guards = this.plugins.filter((plugin) => plugin.status === 'active' && plugin.isGuard)
    this.guardNames = guards.map(({ identity }) => identity.name).join(',')
  }

  /** Stops them in reverse order. */
  async stop(): Promise<void> {
    for (const { plugin, context } of this.#started.toReversed()) {
      if (plugin.status === 'failed') continue
      const app = this.routes.of(plugin.identity)
      await plugin.run('shutdown', [app, context]).catch((error) => plugin.fail('shutdown', error, null))
    }
  }

  /**
   * Shows a request to plugins, the first answer counts; null where no plugin looks at requests. Errors: rejects with
   * `blocked_by_plugin`, which is the answer, or 500 `plugin_failed`.
   */
  admit(exchange: Exchange): Promise<void> | null {
    const plugins = this.#byHook.get('onRequest')
    return plugins === undefined ? null : this.#admit(plugins, exchange)
  }

  /** Tells of the answer once it is complete. */
  watch(exchange: Exchange): void {
    const plugins = this.#byHook.get('onResponse')
    if (plugins === undefined) return
    const { onClosed } = exchange
    exchange.onClosed = () => {
      onClosed?.()
      const { status, lines } = exchange.response
      const response = Object.freeze({ statusCode: status, headers: readLines(lines) })
      const request = this.describe(exchange)
      for (const plugin of plugins.toReversed())
        plugin.tell('onResponse', [request, response], request.requestId)
    }
  }

  /** Asks plugins about a call of a model, each after the changes of those before it. Errors: 446, or 500 `plugin_failed`. */
  async review(call: PluginCall): Promise<ReviewedCall> {
    const members = new Map<string, string>()
    for (const plugin of this.#byHook.get('onLlmPreCall') ?? []) {
      const shown = copyOf(call, members)
      const verdict = await plugin.ask<'onLlmPreCall', Verdict>(
        'onLlmPreCall',
        [call.model, messagesOf(shown.body), shown],
        call.requestId,
        (value) => readVerdict(value, call.body, plugin.identity),
      )
      if (verdict?.kind === 'answer') return { members, answer: verdict.text }
      for (const [name, text] of verdict?.members ?? []) members.set(name, text)
    }
    return { members, answer: null }
  }

  /**
   * Asks guards about the texts of an answer, each after the changes of those before it; null where nothing changes. `texts` are null for an answer that cannot
   * be read. Errors: 446, also for what a guard must see and cannot; 500 `plugin_failed`.
   */
  async judgeAnswer(call: PluginCall, texts: readonly string[] | null): Promise<readonly string[] | null> {
    const guards = this.#byHook.get('onLlmAnswer') ?? []
    if (texts === null) {
      if (!guards.some(({ identity }) => identity.failureMode === 'abort')) return null
      throw new GatewayError('guardrail_denied', 'No guard of this gateway can read the answer.')
    }
    let changed: readonly string[] | null = null
    for (const guard of guards) {
      const shown: readonly string[] = changed ?? texts
      changed =
        (await guard.ask<'onLlmAnswer', readonly string[]>(
          'onLlmAnswer',
          [call.model, { texts: [...shown] }, copyOf(call)],
          call.requestId,
          (value) => readAnswerVerdict(value, shown, guard.identity),
        )) ?? changed
    }
    return changed
  }

  tellOfSuccess(call: PluginCall, response: PluginResponse): void {
    for (const plugin of this.#byHook.get('onLlmSuccess') ?? []) {
      const shown = copyOf(call)
      plugin.tell('onLlmSuccess', [call.model, structuredClone(response), shown], call.requestId)
    }
  }

  tellOfFailure(call: PluginCall, error: PluginError): void {
    for (const plugin of this.#byHook.get('onLlmFailure') ?? []) {
      const shown = copyOf(call)
      plugin.tell('onLlmFailure', [call.model, { ...error }, shown], call.requestId)
    }
  }

  /** Has an answer of a tool or an agent judged. */
  evaluate(hook: EvaluatorHook, describe: () => PluginInvocation): void {
    const judges = this.#byHook
      .get(hook)
      ?.filter(({ identity }) => identity.capabilities.includes('EVALUATOR'))
    if (judges === undefined || judges.length === 0) return
    evaluate(judges, hook, describe(), this.#options.onEvaluated)
  }

  /** Whom a token stands for, as the first plugin says that knows it; null for nobody. Errors: 500 `plugin_failed`. */
  async identify(token: string): Promise<ProvidedHolder | null> {
    for (const plugin of this.#byHook.get('authenticate') ?? []) {
      const principal = await plugin.ask('authenticate', [token], null, readPrincipal)
      if (principal !== null) return { provider: plugin.identity.name, principal }
    }
    return null
  }

  /** A request as plugins see it. */
  describe(exchange: Exchange): PluginRequest {
    return describeRequest(exchange, this.#options.keyHeader)
  }

  /** The handler of a route has failed. */
  reportRoute(plugin: string, error: unknown, requestId: string): void {
    this.#options.onFailure({ plugin, hook: 'route', outcome: 'error', error, requestId })
  }

  /** Tells of what happens in the gateway beside requests. */
  tell<Name extends HookName>(hook: Name, ...args: HookArguments<Name>): void {
    for (const plugin of this.#byHook.get(hook) ?? []) plugin.tell(hook, args)
  }

  /** Whether anybody listens, for what costs something to describe. */
  hears(hook: HookName): boolean {
    return this.#byHook.has(hook)
  }

  async #startOne(plugin: RunningPlugin, context: PluginContext): Promise<void> {
    const { name, failureMode, dependsOn } = plugin.identity
    try {
      const down = this.plugins.find(
        (other) => other.status === 'failed' && dependsOn.includes(other.identity.name),
      )
      if (down !== undefined) throw new Error(`${down.identity.name}, on which it depends, did not start`)
      const app = this.routes.of(plugin.identity)
      await plugin.run('startup', [app, context], this.#options.startupMs)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (failureMode === 'abort') throw new PluginStartError(`the plugin ${name} could not start: ${reason}`)
      plugin.giveUp(error)
    }
  }

  #enlist(plugin: RunningPlugin): void {
    for (const hook of hookNames)
      if (plugin.has(hook)) this.#byHook.set(hook, [...(this.#byHook.get(hook) ?? []), plugin])
  }

  async #admit(plugins: readonly RunningPlugin[], exchange: Exchange): Promise<void> {
    const request = this.describe(exchange)
    for (const plugin of plugins) {
      const refusal = await plugin.ask('onRequest', [request], request.requestId, (value) =>
        readRefusal(value, plugin.identity.name),
      )
      if (refusal !== null) throw refusal
    }
  }
}

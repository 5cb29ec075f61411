import type { PluginStrategy, PluginStrategyQuestion } from '@routeiq/contract'
import { z } from 'zod'
import { within } from '../within.ts'

/** What the address of a strategy of a plugin begins with. */
export const pluginScheme = 'plugin:'

const named = /^[\w.-]{1,64}$/
const adviceSchema = z.object({
  model: z.string().nullish(),
  scores: z.record(z.string(), z.number().min(0).max(1)).nullish(),
})

export interface PluginAdvice {
  readonly model: string | null
  readonly scores: Readonly<Record<string, number>>
}

/** The strategies that plugins have registered, by name. */
export class PluginStrategies {
  readonly #byName = new Map<string, PluginStrategy>()

  /** Errors: TypeError for a name that is taken or is none. */
  add(name: string, strategy: PluginStrategy): void {
    if (!named.test(name))
      throw new TypeError('a strategy is named with 1 to 64 letters, digits, dots, hyphens and underscores')
    if (this.#byName.has(name)) throw new TypeError(`there is a strategy ${name} already`)
    this.#byName.set(name, strategy)
  }

  /** Errors: rejects where there is none of that name, it fails, takes longer than `ms`, or says nothing. */
  async ask(url: string, question: PluginStrategyQuestion, ms: number): Promise<PluginAdvice> {
    const name = url.slice(pluginScheme.length)
    const strategy = this.#byName.get(name)
    if (strategy === undefined) throw new Error(`no plugin has registered the strategy ${name}`)
    return askStrategy(name, strategy, question, ms)
  }
}

/** What a strategy says. Errors: rejects where it fails, takes longer than `ms`, or says nothing. */
export async function askStrategy(
  name: string,
  strategy: PluginStrategy,
  question: PluginStrategyQuestion,
  ms: number,
): Promise<PluginAdvice> {
  const said = await within(ms, Promise.resolve(strategy(question)))
  if (said === 'timeout') throw new Error(`the strategy ${name} took longer than ${ms} ms`)
  const { model, scores } = adviceSchema.parse(said)
  if (model == null && scores == null) throw new Error('it names neither a model nor scores')
  return { model: model ?? null, scores: scores ?? {} }
}

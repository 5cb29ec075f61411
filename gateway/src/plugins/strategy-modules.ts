import type { PluginStrategy, PluginStrategyQuestion } from '@routeiq/contract'
import { askStrategy, type PluginAdvice } from './plugin-strategies.ts'

/** What the address of a strategy in a module of its own begins with. */
export const moduleScheme = 'module:'

/** The strategies that are modules: a function as the default export, loaded once in the life of the process. */
export class StrategyModules {
  readonly #import: (specifier: string) => Promise<unknown>
  readonly #loaded = new Map<string, Promise<PluginStrategy>>()

  /** `importModule` resolves with the default export. */
  constructor(importModule: (specifier: string) => Promise<unknown>) {
    this.#import = importModule
  }

  /** Errors: rejects where there is no such module, it throws, or exports no function. */
  load(url: string): Promise<PluginStrategy> {
    let loading = this.#loaded.get(url)
    if (loading === undefined) {
      loading = this.#load(url.slice(moduleScheme.length))
      this.#loaded.set(url, loading)
    }
    return loading
  }

  /** Errors: those of `load`; rejects where it fails, takes longer than `ms`, or says nothing. */
  async ask(url: string, question: PluginStrategyQuestion, ms: number): Promise<PluginAdvice> {
    return askStrategy(url, await this.load(url), question, ms)
  }

  async #load(specifier: string): Promise<PluginStrategy> {
    const choose = await this.#import(specifier)
    if (typeof choose !== 'function') throw new TypeError(`${specifier} must export a function by default`)
    return choose as PluginStrategy
  }
}

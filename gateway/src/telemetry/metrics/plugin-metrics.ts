import type { PluginMetrics as Offered, PluginMeter, PluginMetricOptions } from '@routeiq/contract'
import { routeiqMetrics } from './names.ts'
import type { MetricDefinition } from './registry/definition.ts'
import type { Registry } from './registry/registry.ts'

type Labels = Readonly<Record<string, string>>

const standardBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** What goes wrong in plugins, and what they measure themselves. */
export class PluginMetrics {
  readonly countFailure: (failure: {
    readonly plugin: string
    readonly hook: string
    readonly outcome: string
  }) => void
  readonly countCheck: (check: { readonly guard: string; readonly action: string }) => void
  readonly #registry: Registry

  constructor(registry: Registry) {
    this.#registry = registry
    const failures = registry.counter(routeiqMetrics.pluginFailures)
    const checks = registry.counter(routeiqMetrics.guardrailChecks)
    this.countCheck = ({ guard, action }) => checks.bind(guard, action).add()
    this.countFailure = ({ plugin, hook, outcome }) => failures.bind(plugin, hook, outcome).add()
  }

  /** What a plugin measures with. Errors of its methods: throw for a name that is none or is taken. */
  of(plugin: string): Offered {
    return {
      ...this.#createMeter(plugin, ''),
      getMeter: (name) => {
        requireName(name)
        return this.#createMeter(plugin, `${name}_`)
      },
    }
  }

  #createMeter(plugin: string, prefix: string): PluginMeter {
    const registry = this.#registry
    return {
      createCounter(options) {
        const definition = define(plugin, prefix, options, 'counter')
        const counter = registry.counter(definition)
        return { add: (labels = {}, amount = 1) => counter.bind(...valuesOf(definition, labels)).add(amount) }
      },
      createHistogram(options) {
        const definition = define(plugin, prefix, options, 'histogram', options.buckets ?? standardBuckets)
        const histogram = registry.histogram(definition)
        return {
          observe: (value, labels = {}) => histogram.bind(...valuesOf(definition, labels)).observe(value),
        }
      },
    }
  }
}

function define(
  plugin: string,
  meter: string,
  { name, help = '', labels = [] }: PluginMetricOptions,
  type: 'counter' | 'histogram',
  buckets: readonly number[] = [],
): MetricDefinition {
  for (const word of [name, ...labels]) requireName(word)
  const prefix = `plugin_${plugin.toLowerCase().replaceAll(/\W/g, '_')}_${meter}${name}`
  return {
    name: type === 'counter' ? `${prefix}_total` : prefix,
    help: help === '' ? `Of the plugin ${plugin}.` : help,
    // What a plugin counts by may come from callers, so the number of series is bounded.
    ...{ type, labels, open: labels, buckets, aggregation: 'sum' },
  }
}

function requireName(word: string): void {
  if (!/^[a-z][a-z0-9_]*$/.test(word))
    throw new TypeError(`${word} is no name of a meter, metric or label: use a-z, 0-9 and _`)
}

const valuesOf = ({ labels }: MetricDefinition, given: Labels): string[] =>
  labels.map((label) => String(given[label] ?? ''))

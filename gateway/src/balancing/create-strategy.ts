import { z } from 'zod'
import type { RoutingConfig } from '../config/config.ts'
import type { Diagnostic } from '../config/diagnostics.ts'
import { costBased } from './cost-based.ts'
import { createLatencyBased } from './latency-based.ts'
import { leastBusy } from './least-busy.ts'
import { simpleShuffle } from './simple-shuffle.ts'
import type { Strategy } from './strategy.ts'
import { usageBased } from './usage-based.ts'

const path = 'router_settings.routing_strategy'

const latencyArgs = z.object({
  ttl: z.coerce.number().positive().default(3600),
  max_latency_list_size: z.coerce.number().int().min(1).max(1000).default(10),
  lowest_latency_buffer: z.coerce.number().min(0).default(0),
})

/** The configured strategy, and what is wrong with its name or arguments; simple-shuffle then takes its place. */
export function createStrategy(routing: RoutingConfig): {
  readonly strategy: Strategy
  readonly diagnostics: readonly Diagnostic[]
} {
  const diagnostics: Diagnostic[] = []
  return { strategy: select(routing, diagnostics), diagnostics }
}

function select(routing: RoutingConfig, diagnostics: Diagnostic[]): Strategy {
  switch (routing.strategy) {
    case 'latency-based-routing':
      return selectLatencyBased(routing, diagnostics)
    case 'simple-shuffle':
    case 'least-busy':
    case 'cost-based-routing':
    case 'usage-based-routing':
    case 'usage-based-routing-v2':
      warnUnknownArgs(routing, [], diagnostics)
      return plainStrategies[routing.strategy]
    default:
      diagnostics.push({ severity: 'error', path, ...explainUnknown(routing.strategy) })
      return simpleShuffle
  }
}

const plainStrategies = {
  'simple-shuffle': simpleShuffle,
  'least-busy': leastBusy,
  'cost-based-routing': costBased,
  'usage-based-routing': usageBased,
  'usage-based-routing-v2': usageBased,
} as const

function selectLatencyBased(routing: RoutingConfig, diagnostics: Diagnostic[]): Strategy {
  warnUnknownArgs(routing, Object.keys(latencyArgs.shape), diagnostics)
  const parsed = latencyArgs.safeParse(routing.strategyArgs)
  for (const issue of parsed.error?.issues ?? []) {
    const argument = `router_settings.routing_strategy_args.${issue.path.join('.')}`
    diagnostics.push({ severity: 'error', path: argument, message: issue.message })
  }
  const args = parsed.success ? parsed.data : latencyArgs.parse({})
  return createLatencyBased({
    listSize: args.max_latency_list_size,
    buffer: args.lowest_latency_buffer,
    sampleLifetimeMs: args.ttl * 1000,
  })
}

function warnUnknownArgs(routing: RoutingConfig, known: readonly string[], diagnostics: Diagnostic[]): void {
  for (const name of Object.keys(routing.strategyArgs)) {
    if (known.includes(name)) continue
    diagnostics.push({
      severity: 'warning',
      path: `router_settings.routing_strategy_args.${name}`,
      message: `the strategy \`${routing.strategy}\` has no such argument`,
    })
  }
}

function explainUnknown(name: string): { message: string; hint: string } {
  return {
    message: `the strategy \`${name}\` is unknown; simple-shuffle is used`,
    hint: `known strategies: latency-based-routing, ${Object.keys(plainStrategies).join(', ')}`,
  }
}

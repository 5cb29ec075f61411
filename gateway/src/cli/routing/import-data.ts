import { writeFileSync } from 'node:fs'
import {
  importBattles,
  importDecisions,
  importLlmRouter,
  importPairs,
  importRouterBench,
  writeMatrix,
} from '@routeiq/router'
import { RoutingUsageError, readOptions, readText } from './routing-options.ts'
import type { Terminal } from './run-routing.ts'

/** `routeiq import`: outcomes in another tool's format, or a gateway's own decisions, as an outcome matrix. */
export function importData(argv: readonly string[], { stdout }: Terminal): void {
  const options = readOptions(argv, ['from', 'in', 'out', 'prices'], 3)
  const text = readText(options['in'] ?? '')
  const matrix = convert(options['from'] ?? '', text, options['prices'])
  writeFileSync(options['out'] ?? '', writeMatrix(matrix))
  stdout.write(`${matrix.rows.length} asks, ${matrix.models.length} models: ${matrix.models.join(', ')}\n`)
}

function convert(from: string, text: string, pricesFile: string | undefined) {
  const prices = pricesFile === undefined ? {} : readPrices(readText(pricesFile))
  switch (from) {
    case 'llmrouter':
      return importLlmRouter(text, prices)
    case 'routerbench':
      return importRouterBench(text)
    case 'arena':
      return importBattles(text, prices)
    case 'pairs':
      return importPairs(text, prices)
    case 'decisions':
      return importDecisions(text)
    default:
      throw new RoutingUsageError(
        `--from takes llmrouter, routerbench, arena, pairs or decisions, not ${from}`,
      )
  }
}

/** LLMRouter's `default_llm.json`: `input_price` and `output_price` by model, USD for a million tokens. */
function readPrices(text: string): Record<string, readonly [number, number]> {
  const models = JSON.parse(text) as Record<string, { input_price?: number; output_price?: number }>
  return Object.fromEntries(
    Object.entries(models).flatMap(([name, { input_price: input, output_price: output }]) =>
      input === undefined || output === undefined ? [] : [[name, [input, output] as const]],
    ),
  )
}

import type { Caller } from '../../identity/caller.ts'
import { parsePico } from '../../pricing/parse-pico.ts'
import type { ViewItem } from '../view/catalogue-view.ts'
import type { CallOrigin } from './downstream.ts'

/** What a call that limits let through holds until it is over. */
export interface ToolAdmission {
  /** Pico-USD; null for a call that cost nothing. */
  settle(costPico: bigint | null): void
}

/** A call of a tool that is over. Times are epoch milliseconds. */
export interface ToolCall {
  readonly tool: ViewItem
  readonly caller: Caller
  readonly origin: CallOrigin
  readonly startedAt: number
  readonly endedAt: number
  /** `success`, `tool_error` where the tool itself failed, or what kept it from running. */
  readonly outcome: string
  /** The arguments of the call. */
  readonly input: Readonly<Record<string, unknown>>
  /** What the tool answered; null where it did not. */
  readonly result: Readonly<Record<string, unknown>> | null
  /** Null where nobody said what the tool costs, or it did not run. */
  readonly costPico: bigint | null
}

/** What one call costs by `mcp_info.mcp_server_cost_info` of its server, in pico-USD; null when it says nothing. */
export function priceOf({ server, name }: ViewItem): bigint | null {
  const info = server.settings.info['mcp_server_cost_info'] as
    | { default_cost_per_query?: unknown; tool_name_to_cost_per_query?: Record<string, unknown> | null }
    | null
    | undefined
  return parsePico(info?.tool_name_to_cost_per_query?.[name] ?? info?.default_cost_per_query)
}

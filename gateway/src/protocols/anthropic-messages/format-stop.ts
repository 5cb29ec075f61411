import type { Finish, FinishReason } from '../../conversation/reply.ts'

const stopReasons: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
  pause: 'pause_turn',
}

/** What of an answer decides how its end is told, besides its finish. */
export interface StopSigns {
  readonly hasToolCalls: boolean
  /** The words of a refusal, null when there are none. */
  readonly refusal: string | null
}

/** The members that say why an answer ended. One that broke off reads as one that stopped. */
export function formatStop(
  finish: Finish | null,
  { hasToolCalls, refusal }: StopSigns,
): Record<string, unknown> {
  const reason = finish?.reason ?? 'stop'
  const stopSequence = finish?.stopSequence ?? null
  const isRefusal = reason === 'content-filter' || (reason === 'stop' && refusal !== null)
  let stopReason = isRefusal ? 'refusal' : stopReasons[reason]
  if (stopReason === 'end_turn' && hasToolCalls) stopReason = 'tool_use'
  else if (stopReason === 'end_turn' && stopSequence !== null) stopReason = 'stop_sequence'
  return {
    stop_reason: stopReason,
    stop_sequence: stopSequence,
    stop_details: isRefusal ? { type: 'refusal', category: null, explanation: refusal } : null,
  }
}

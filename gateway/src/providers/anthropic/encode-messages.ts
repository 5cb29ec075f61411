import { encodeTurns, missingResultText, type Turn } from '../turns.ts'
import { encodeBlock } from './encode-block.ts'
import type { Encoding } from './encoding.ts'

/** Turns as the provider wants them. Errors: 400 for a history it refuses, unless `modify_params` is on. */
export function encodeMessages(encoding: Encoding): Turn[] {
  return encodeTurns(encoding, {
    encodePart: (part) => {
      const block = encodeBlock(part, encoding)
      return block === null ? [] : [block]
    },
    callId: (block) => (block['type'] === 'tool_use' ? block['id'] : undefined),
    resultId: (block) => (block['type'] === 'tool_result' ? block['tool_use_id'] : undefined),
    missingResult: (id) => {
      const content = [{ type: 'text', text: missingResultText }]
      return { type: 'tool_result', tool_use_id: id, content, is_error: true }
    },
  })
}

import { encodeBlock } from './encode-block.ts'
import type { Block, Encoding } from './encoding.ts'

/** Every system and developer message as blocks of the one system prompt, wherever it stood. */
export function encodeSystem(encoding: Encoding, instructions: readonly string[]): Block[] {
  const blocks: Block[] = []
  for (const message of encoding.request.messages) {
    if (message.role !== 'system' && message.role !== 'developer') continue
    for (const part of message.parts) {
      const block = part.type === 'text' ? encodeBlock(part, encoding) : null
      if (block !== null) blocks.push(block)
      else if (part.type !== 'text') encoding.dropped.push(`system.${part.type}`)
    }
  }
  for (const text of instructions) blocks.push({ type: 'text', text })
  return blocks
}

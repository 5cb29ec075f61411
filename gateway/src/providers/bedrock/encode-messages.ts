import { encodeTurns, missingResultText, type Turn } from '../turns.ts'
import { encodePart } from './encode-part.ts'
import type { Block, Encoding } from './encoding.ts'

/** Turns as Converse wants them. Errors: 400 for a history it refuses, unless `modify_params` is on. */
export function encodeMessages(encoding: Encoding): Turn[] {
  const turns = encodeTurns(encoding, {
    encodePart: (part) => encodePart(part, encoding),
    callId: (block) => idIn(block['toolUse']),
    resultId: (block) => idIn(block['toolResult']),
    missingResult: (toolUseId) => ({
      toolResult: { toolUseId, content: [{ text: missingResultText }], status: 'error' },
    }),
  })
  for (const { role, content } of turns) if (role === 'user') addText(content)
  return turns
}

function idIn(value: unknown): unknown {
  return (value as Block | undefined)?.['toolUseId']
}

/** A turn with a document must say something too. */
function addText(content: Block[]): void {
  const needsText = content.some((block) => block['document'] !== undefined)
  if (needsText && !content.some((block) => block['text'] !== undefined)) content.push({ text: '.' })
}

/** Every system and developer message as blocks of the one system prompt, wherever it stood. */
export function encodeSystem(encoding: Encoding, instructions: readonly string[]): Block[] {
  const blocks: Block[] = []
  for (const { role, parts } of encoding.request.messages) {
    if (role !== 'system' && role !== 'developer') continue
    for (const part of parts) {
      if (part.type === 'text') blocks.push(...encodePart(part, encoding))
      else encoding.dropped.push(`system.${part.type}`)
    }
  }
  for (const text of instructions) blocks.push({ text })
  return blocks
}

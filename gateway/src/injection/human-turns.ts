import { createHash } from 'node:crypto'
import type { Part } from '../conversation/part.ts'
import type { ConversationMessage } from '../conversation/request.ts'

/** One thing a human said, where it stands, and what identifies the conversation up to it. */
export interface HumanTurn {
  /** Index of the message. */
  readonly index: number
  /** What the human wrote, harness blocks left out. */
  readonly text: string
  /** SHA-256 over everything up to and including the message that later requests repeat. */
  readonly digest: string
}

/** Blocks that agent harnesses put into user messages; nobody wrote them. */
const harnessBlock =
  /<(system-reminder|command-name|command-message|command-args|local-command-stdout|environment_context|ide_selection|routeiq-hint)\b[^>]*>[\s\S]*?<\/\1>/g

/** The human turns of a conversation, oldest first. User messages that hold nothing but harness blocks are none. */
export function findHumanTurns(
  messages: readonly ConversationMessage[],
  owner: string,
): readonly HumanTurn[] {
  const hash = createHash('sha256').update(owner)
  const turns: HumanTurn[] = []
  messages.forEach((message, index) => {
    hash.update(`\n${message.role}:`)
    for (const part of message.parts) hash.update(identify(part))
    if (message.role !== 'user') return
    const text = readHumanText(message)
    if (text !== '' || message.parts.some(({ type }) => type !== 'text'))
      turns.push({ index, text, digest: hash.copy().digest('base64url') })
  })
  return turns
}

function readHumanText({ parts }: ConversationMessage): string {
  const texts = parts.map((part) => (part.type === 'text' ? part.text.replace(harnessBlock, '').trim() : ''))
  return texts.filter((text) => text !== '').join('\n')
}

/** What clients repeat word for word; thinking and cache marks they may leave out or move. */
function identify(part: Part): string {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return `t${part.text.trim()}\u0000`
    case 'tool-call':
      return `c${part.id}\u0000`
    case 'tool-result':
      return `r${part.toolCallId}\u0000`
    case 'reasoning':
      return ''
    default:
      return `${part.type}\u0000`
  }
}

import type { RequestShape } from '@routeiq/router'
import type { Part } from '../conversation/part.ts'
import type { ConversationMessage, ConversationRequest } from '../conversation/request.ts'

/** What the human wants, with the harness's words taken out, and the shape of the request around it. */
export interface Ask {
  readonly text: string
  readonly source: 'user' | 'first_user' | 'system' | 'none'
  readonly shape: RequestShape
  /** The first thing the human said, which names the conversation. */
  readonly firstText: string
  readonly systemText: string
  /** The request answers the calls of tools. */
  readonly inToolLoop: boolean
  readonly toolNames: readonly string[]
}

/** What is read of a conversation. */
type AskedConversation = Pick<
  ConversationRequest,
  'messages' | 'tools' | 'responseFormat' | 'maxOutputTokens'
>

/** Blocks that agent harnesses put into user messages; nobody wrote them. */
const harnessBlock =
  /<(system-reminder|command-name|command-message|command-args|local-command-stdout|environment_context|context|attachments|ide_selection|routeiq-hint)\b[^>]*>[\s\S]*?<\/\1>/g
/** How clients begin the message in which they hand a shortened conversation on. */
const compaction =
  /^(this session is being continued|here is a summary of (the|our) conversation|\[conversation summary|continue from where|please continue the conversation from)/i
const base64Run = /[A-Za-z0-9+/]{200,}={0,2}/g
const shortAsk = 12
const continuation =
  /^(y|yes|yep|ok(ay)?|sure|go on|go ahead|continue|proceed|next|more|do it|please do|weiter|ja|mach weiter|oui|continue[rz]?|vas-y|s[ií]|sigue|contin[uú]a|да|дальше|продолжай|继续|好的|是|はい|続けて|네|계속)[\s.!]*$/i
const systemChars = 500
/** Of one message only this much of either end is looked at. */
const messageChars = 16_000

/** Finds the human's newest words, walking back over tool results and harness blocks. */
export function readAsk({ messages, tools, responseFormat, maxOutputTokens }: AskedConversation): Ask {
  const human = findHumanTexts(messages)
  const systemText = textOf(messages.filter(({ role }) => role === 'system' || role === 'developer'))
  const inToolLoop = isToolLoop(messages)
  const [newest, previous] = human
  const isTerse = newest !== undefined && (newest.length < shortAsk || continuation.test(newest))
  const found = isTerse && previous !== undefined ? `${previous}\n${newest}` : newest
  const fallback = found ?? rawFirstUser(messages)
  return {
    text: fallback ?? systemText.slice(0, systemChars),
    source:
      found !== undefined ? 'user' : fallback !== null ? 'first_user' : systemText === '' ? 'none' : 'system',
    shape: {
      tools: tools.length,
      schemaDepth: tools.reduce(
        (deepest, tool) => Math.max(deepest, tool.type === 'function' ? depthOf(tool.parameters) : 0),
        0,
      ),
      images: messages.reduce(
        (count, { parts }) => count + parts.filter(({ type }) => type === 'image').length,
        0,
      ),
      structuredOutput: responseFormat !== null && responseFormat.type !== 'text',
      maxTokens: maxOutputTokens,
      turns: messages.filter(({ role }) => role === 'user').length,
      inToolLoop,
      systemChars: systemText.length,
    },
    firstText: human.at(-1) ?? fallback ?? '',
    systemText,
    inToolLoop,
    toolNames: tools.map(({ name }) => name),
  }
}

/** The texts of messages a human wrote, newest first. */
function findHumanTexts(messages: readonly ConversationMessage[]): readonly string[] {
  const texts: string[] = []
  for (let index = messages.length - 1; index >= 0; index--) {
    const message = messages[index]
    if (message?.role !== 'user') continue
    const text = message.parts
      .flatMap((part) => (part.type === 'text' ? clean(part.text) : []))
      .filter((part) => part !== '')
      .join('\n')
    if (text !== '' && !compaction.test(text)) texts.push(text)
  }
  return texts
}

function clean(raw: string): string {
  const text =
    raw.length > 2 * messageChars ? `${raw.slice(0, messageChars)}\n${raw.slice(-messageChars)}` : raw
  const written = text.includes('<') ? text.replace(harnessBlock, '') : text
  return (written.length >= 200 ? written.replace(base64Run, '') : written).trim()
}

function rawFirstUser(messages: readonly ConversationMessage[]): string | null {
  const first = messages.find(({ role }) => role === 'user')
  const text = first === undefined ? '' : textOf([first]).trim()
  return text === '' ? null : text
}

function textOf(messages: readonly ConversationMessage[]): string {
  return messages
    .flatMap(({ parts }) => parts.flatMap((part) => (part.type === 'text' ? part.text : [])))
    .join('\n')
}

/** The last message is a tool's result, alone or ahead of harness words, or calls of tools are still open. */
function isToolLoop(messages: readonly ConversationMessage[]): boolean {
  const last = messages.at(-1)
  if (last === undefined) return false
  if (last.role === 'tool') return true
  const isCall = (part: Part): boolean => part.type === 'tool-call'
  const isResult = (part: Part): boolean => part.type === 'tool-result'
  if (last.role === 'assistant') return last.parts.some(isCall)
  return last.parts.some(isResult) && findHumanTexts([last]).length === 0
}

function depthOf(schema: unknown, depth = 0): number {
  if (depth > 12 || typeof schema !== 'object' || schema === null) return depth
  let deepest = depth
  for (const value of Object.values(schema))
    if (typeof value === 'object' && value !== null) deepest = Math.max(deepest, depthOf(value, depth + 1))
  return deepest
}

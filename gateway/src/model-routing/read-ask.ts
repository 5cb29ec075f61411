import type { ExpectedAnswer, RequestShape } from '@routeiq/router'
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
  /** What an answer has to be, as far as the request says. */
  readonly expected: Pick<ExpectedAnswer, 'structuredOutput' | 'schema' | 'tools'>
}

/** What is read of a conversation. */
type AskedConversation = Pick<
  ConversationRequest,
  'messages' | 'tools' | 'responseFormat' | 'maxOutputTokens'
>

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

const patterns = new WeakMap<readonly string[], RegExp>()

/** The blocks that nobody wrote; our own hints are always among them. Made once for each configuration. */
function patternOf(harnessTags: readonly string[]): RegExp {
  let pattern = patterns.get(harnessTags)
  if (pattern === undefined) {
    const names = [...harnessTags, 'routeiq-hint'].join('|')
    pattern = new RegExp(`<(${names})\\b[^>]*>[\\s\\S]*?<\\/\\1>`, 'g')
    patterns.set(harnessTags, pattern)
  }
  return pattern
}

/** Finds the human's newest words, walking back over tool results and harness blocks. */
export function readAsk(
  { messages, tools, responseFormat, maxOutputTokens }: AskedConversation,
  harnessTags: readonly string[],
): Ask {
  const harnessBlock = patternOf(harnessTags)
  const human = findHumanTexts(messages, harnessBlock)
  const systemText = textOf(messages.filter(({ role }) => role === 'system' || role === 'developer'))
  const inToolLoop = isToolLoop(messages, harnessBlock)
  const [newest, previous] = human
  const isTerse = newest !== undefined && (newest.length < shortAsk || continuation.test(newest))
  const found = isTerse && previous !== undefined ? `${previous}\n${newest}` : newest
  const fallback = found ?? rawFirstUser(messages)
  const structuredOutput = responseFormat !== null && responseFormat.type !== 'text'
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
      structuredOutput,
      maxTokens: maxOutputTokens,
      turns: messages.filter(({ role }) => role === 'user').length,
      inToolLoop,
      systemChars: systemText.length,
    },
    firstText: human.at(-1) ?? fallback ?? '',
    systemText,
    inToolLoop,
    expected: {
      structuredOutput,
      schema: responseFormat?.type === 'json_schema' ? responseFormat.schema : null,
      tools: new Map(tools.map((tool) => [tool.name, tool.type === 'function' ? tool.parameters : null])),
    },
  }
}

/** The texts of messages a human wrote, newest first. */
function findHumanTexts(messages: readonly ConversationMessage[], harnessBlock: RegExp): readonly string[] {
  const texts: string[] = []
  for (let index = messages.length - 1; index >= 0; index--) {
    const message = messages[index]
    if (message?.role !== 'user') continue
    const text = message.parts
      .flatMap((part) => (part.type === 'text' ? clean(part.text, harnessBlock) : []))
      .filter((part) => part !== '')
      .join('\n')
    if (text !== '' && !compaction.test(text)) texts.push(text)
  }
  return texts
}

function clean(raw: string, harnessBlock: RegExp): string {
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
function isToolLoop(messages: readonly ConversationMessage[], harnessBlock: RegExp): boolean {
  const last = messages.at(-1)
  if (last === undefined) return false
  if (last.role === 'tool') return true
  const isCall = (part: Part): boolean => part.type === 'tool-call'
  const isResult = (part: Part): boolean => part.type === 'tool-result'
  if (last.role === 'assistant') return last.parts.some(isCall)
  return last.parts.some(isResult) && findHumanTexts([last], harnessBlock).length === 0
}

function depthOf(schema: unknown, depth = 0): number {
  if (depth > 12 || typeof schema !== 'object' || schema === null) return depth
  let deepest = depth
  for (const value of Object.values(schema))
    if (typeof value === 'object' && value !== null) deepest = Math.max(deepest, depthOf(value, depth + 1))
  return deepest
}

import { parseJson, readRecord } from '../../conversation/json-value.ts'
import type { Part, ToolResultPart } from '../../conversation/part.ts'
import { encodePart } from './encode-part.ts'
import type { Body, Encoding } from './encoding.ts'

/** The call a result answers, as it went upstream. */
export interface AnsweredCall {
  readonly id: string
  readonly name: string
}

/**
 * A `functionResponse`, and behind it the media it returned where the model cannot take them inside. The response is
 * an object: the tool's own when it returned one, else its text as `result`, or as `error`.
 */
export function encodeToolResult(result: ToolResultPart, call: AnsweredCall, encoding: Encoding): Body[] {
  const texts = result.parts.map(textOf).filter((text) => text !== null)
  const media = result.parts
    .filter((part) => textOf(part) === null)
    .map((part) => encodePart(part, encoding))
    .filter((part) => part !== null)
  const functionResponse: Body = {
    name: call.name,
    response: responseOf(texts.join('\n'), result.isError),
  }
  if (encoding.target.provider.quirks.supportsToolCallIds !== false) functionResponse['id'] = call.id
  if (media.length === 0) return [{ functionResponse }]
  if (!encoding.facts.acceptsMediaInResults) return [{ functionResponse }, ...media]
  functionResponse['parts'] = media
  return [{ functionResponse }]
}

function textOf(part: Part): string | null {
  if (part.type === 'text' || part.type === 'refusal') return part.text
  return part.type === 'document' && part.source.kind === 'text' ? part.source.text : null
}

function responseOf(text: string, isError: boolean): Body {
  if (isError) return { error: text }
  return (readRecord(parseJson(text)) as Body | null) ?? { result: text }
}

import type { Part } from '../conversation/part.ts'
import type { ConversationRequest, ToolDefinition } from '../conversation/request.ts'
import { countAudio, countDocument, countImage } from './media-tokens.ts'
import type { ModelFamily } from './select-tokenizer.ts'

/** What there is to count in a prompt: texts for a tokenizer, and what has a known number of tokens already. */
export interface CollectedPrompt {
  readonly texts: string[]
  fixedTokens: number
}

/** What stands around messages, calls and tools in the form the model reads. */
interface Overhead {
  readonly prompt: number
  readonly message: number
  readonly toolCall: number
  readonly tool: number
  /** Once, when there are tools. */
  readonly tools: number
}

/**
 * OpenAI: 3 tokens a message and 3 that prime the answer, as its cookbook says. Claude: the system prompt that tool
 * use adds, as Anthropic's documentation says. The others are set a little high.
 */
const overheads: Readonly<Record<ModelFamily, Overhead>> = {
  openai: { prompt: 3, message: 3, toolCall: 6, tool: 7, tools: 12 },
  claude: { prompt: 4, message: 4, toolCall: 12, tool: 10, tools: 346 },
  gemini: { prompt: 2, message: 4, toolCall: 8, tool: 10, tools: 10 },
  other: { prompt: 4, message: 5, toolCall: 10, tool: 10, tools: 40 },
}

/** Takes a request apart: system, messages, calls and their results, media, tools and the schema of the answer. */
export function collectPrompt(
  request: ConversationRequest,
  family: ModelFamily,
  model: string,
): CollectedPrompt {
  const overhead = overheads[family]
  const prompt: CollectedPrompt = { texts: [], fixedTokens: overhead.prompt }
  const context = { prompt, family, model, overhead }
  for (const message of request.messages) {
    prompt.fixedTokens += overhead.message
    prompt.texts.push(message.role)
    if (message.name !== undefined) {
      prompt.fixedTokens += 1
      prompt.texts.push(message.name)
    }
    for (const part of message.parts) collectPart(part, context)
  }
  if (request.tools.length > 0) prompt.fixedTokens += overhead.tools
  for (const tool of request.tools) collectTool(tool, context)
  const { responseFormat } = request
  if (responseFormat?.type === 'json_schema') prompt.texts.push(JSON.stringify(responseFormat.schema))
  return prompt
}

interface Context {
  readonly prompt: CollectedPrompt
  readonly family: ModelFamily
  readonly model: string
  readonly overhead: Overhead
}

function collectPart(part: Part, context: Context): void {
  const { prompt, family, model, overhead } = context
  switch (part.type) {
    case 'text':
    case 'refusal':
      prompt.texts.push(part.text)
      break
    case 'reasoning':
      prompt.texts.push(part.text)
      // Sealed thinking is base64 of about as many bytes as its text has.
      prompt.fixedTokens += Math.ceil((part.redacted?.length ?? 0) / 6)
      break
    case 'image':
      prompt.fixedTokens += countImage(part, family, model)
      break
    case 'document':
      if (part.source.kind === 'text') prompt.texts.push(part.source.text)
      else prompt.fixedTokens += countDocument(part, family)
      break
    case 'audio':
      prompt.fixedTokens += countAudio(part.data, family)
      break
    case 'tool-call':
      prompt.fixedTokens += overhead.toolCall
      prompt.texts.push(part.name, part.arguments)
      break
    case 'tool-result':
      prompt.fixedTokens += overhead.toolCall
      for (const inner of part.parts) collectPart(inner, context)
      break
    case 'opaque':
      prompt.texts.push(JSON.stringify(part.value))
  }
}

function collectTool(tool: ToolDefinition, { prompt, family, overhead }: Context): void {
  prompt.fixedTokens += overhead.tool
  if (tool.type === 'provider') {
    prompt.texts.push(JSON.stringify(tool.value))
    return
  }
  prompt.texts.push(`${tool.name}:${tool.description ?? ''}`)
  if (tool.type === 'custom') {
    if (tool.format !== null) prompt.texts.push(JSON.stringify(tool.format))
  } else if (family === 'openai') collectProperties(tool.parameters, prompt)
  else if (tool.parameters !== null) prompt.texts.push(JSON.stringify(tool.parameters))
}

type Schema = Readonly<Record<string, unknown>>

/**
 * OpenAI shows a function to the model as a declaration, `name: type` with the description as a comment, and not as
 * its JSON schema; the constants are those of its cookbook ("How to count tokens with tiktoken").
 */
function collectProperties(schema: unknown, prompt: CollectedPrompt): void {
  if (!isSchema(schema)) return
  const { properties, items } = schema
  if (isSchema(items)) collectProperties(items, prompt)
  if (!isSchema(properties)) return
  prompt.fixedTokens += 3
  for (const [name, property] of Object.entries(properties)) {
    if (!isSchema(property)) continue
    prompt.fixedTokens += 3
    const type = typeof property['type'] === 'string' ? property['type'] : 'any'
    const description = typeof property['description'] === 'string' ? property['description'] : ''
    prompt.texts.push(`${name}:${type}:${description.replace(/\.$/, '')}`)
    const choices = property['enum']
    if (Array.isArray(choices)) {
      prompt.fixedTokens += 3 * choices.length - 3
      prompt.texts.push(...choices.map(String))
    }
    collectProperties(property, prompt)
  }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

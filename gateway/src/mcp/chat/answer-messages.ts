import {
  type JsonRecord,
  readList,
  readRecord,
  readRecords,
  readString,
  readText,
} from '../../conversation/json-value.ts'
import { MessageWriter } from './message-writer.ts'
import { isNamed } from './named-tools.ts'
import { needsApproval, type OfferedTool } from './tool-offer.ts'
import { describeProblem, describeTool, type ToolResult, type ToolTurns } from './tool-turns.ts'

/** Ids of calls the gateway has made; those of the provider's own begin otherwise. */
const ownPrefix = 'mcptoolu_riq_'

/** Whether blocks of an earlier answer of the gateway's are there. */
export function hasOwnBlocks(messages: readonly JsonRecord[]): boolean {
  return messages.some(({ content }) => readRecords(content).some(isOwnUse))
}

/**
 * Answers a request in the form of Messages: the calls and their results are blocks of the answer, streamed as they come. Calls the
 * caller wants to be asked about come back to it as ordinary ones.
 */
export async function answerMessages(turns: ToolTurns): Promise<number> {
  const writer = new MessageWriter(turns.request, turns.answer)
  try {
    return await runTurns(turns, writer)
  } catch (error) {
    // What goes wrong before a stream has begun is an error of HTTP.
    if (!turns.answer.isOpen) throw error
    return writer.fail(500, { error: { type: 'api_error', message: describeProblem(error) } })
  }
}

async function runTurns(turns: ToolTurns, writer: MessageWriter): Promise<number> {
  const { request, offer } = turns
  const { stream: _, mcp_servers: servers, tools, ...body } = request.body
  const foreign = readRecords(servers).filter(({ name }) => !offer.labels.has(readText(name)))
  const allTools = [
    ...readList(tools).filter((tool) => !isOwn(tool, turns)),
    ...offer.tools.map(describeFunction),
  ]
  const messages = readRecords(body['messages']).flatMap((message) => asPlainMessages(message, turns))
  for (;;) {
    const isFirst = turns.isFirst
    const { status, body: answered } = await turns.ask({
      ...{ ...body, messages },
      ...(!isFirst && body['tool_choice'] !== undefined && { tool_choice: { type: 'auto' } }),
      ...(allTools.length > 0 && { tools: allTools }),
      ...(foreign.length > 0 && { mcp_servers: foreign }),
    })
    if (status !== 200) return writer.fail(status, answered)
    if (isFirst) writer.begin(answered)
    const content = readRecords(answered['content'])
    const calls = content.map((block) => ({ block, running: startCall(turns, block) }))
    const results: JsonRecord[] = []
    let isReturned = false
    for (const { block, running } of calls) {
      if (running === null) {
        if (block['type'] === 'tool_use') isReturned = true
        writer.add(block)
        continue
      }
      writer.add(running.use)
      const result = await running.result
      writer.add(describeResult(running.use, result))
      const { text, isError } = result
      results.push({ type: 'tool_result', tool_use_id: block['id'], content: text, is_error: isError })
    }
    if (results.length === 0 || isReturned) return writer.end(answered, turns.usage)
    messages.push({ role: 'assistant', content }, { role: 'user', content: results })
  }
}

/** Begins a call of ours; null for every other block. */
function startCall(
  turns: ToolTurns,
  block: JsonRecord,
): { readonly use: JsonRecord; readonly result: Promise<ToolResult> } | null {
  const offered = block['type'] === 'tool_use' ? turns.offer.find(readText(block['name']) ?? '') : null
  if (offered === null || needsApproval(offered)) return null
  const input = readRecord(block['input']) ?? {}
  const use = {
    ...{ type: 'mcp_tool_use', id: `${ownPrefix}${readText(block['id']) ?? ''}`, name: offered.tool.emitted },
    ...{ server_name: offered.named.label, input },
  }
  return { use, result: turns.call(offered, JSON.stringify(input)) }
}

function describeResult({ id }: JsonRecord, { text, isError }: ToolResult): JsonRecord {
  return { type: 'mcp_tool_result', tool_use_id: id, is_error: isError, content: [{ type: 'text', text }] }
}

function isOwnUse(block: JsonRecord): boolean {
  return block['type'] === 'mcp_tool_use' && (readText(block['id']) ?? '').startsWith(ownPrefix)
}

/** One message of the assistant with calls of the gateway's in it, as the messages that lie between those calls. */
function asPlainMessages(message: JsonRecord, turns: ToolTurns): JsonRecord[] {
  const blocks = readRecords(message['content'])
  if (!blocks.some(isOwnUse)) return [message]
  const plain: { role: string; content: JsonRecord[] }[] = []
  const put = (role: string, block: JsonRecord): void => {
    const last = plain.at(-1)
    if (last?.role === role) last.content.push(block)
    else plain.push({ role, content: [block] })
  }
  for (const block of blocks) {
    const useId = readText(block['tool_use_id']) ?? ''
    if (isOwnUse(block)) put('assistant', asToolUse(block, turns))
    else if (block['type'] === 'mcp_tool_result' && useId.startsWith(ownPrefix))
      put('user', { ...block, type: 'tool_result', tool_use_id: useId.slice(ownPrefix.length) })
    else put('assistant', block)
  }
  return plain
}

function asToolUse(block: JsonRecord, { offer }: ToolTurns): JsonRecord {
  const written = readString(block['name']) ?? ''
  const name = offer.findNamed(readText(block['server_name']), written)?.name ?? written
  return {
    type: 'tool_use',
    id: (readText(block['id']) ?? '').slice(ownPrefix.length),
    name,
    input: block['input'],
  }
}

/** An entry the gateway answers for, or the choice among the tools of one of its servers. */
function isOwn(tool: unknown, { offer }: ToolTurns): boolean {
  const record = readRecord(tool)
  if (isNamed(tool)) return true
  return record?.['type'] === 'mcp_toolset' && offer.labels.has(readText(record['mcp_server_name']))
}

function describeFunction(offered: OfferedTool): JsonRecord {
  const { description, schema } = describeTool(offered)
  return { name: offered.name, description, input_schema: schema }
}

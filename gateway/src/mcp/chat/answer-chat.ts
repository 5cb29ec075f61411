import {
  type JsonRecord,
  readList,
  readRecord,
  readRecords,
  readText,
} from '../../conversation/json-value.ts'
import { formatChatStream } from './chat-answer.ts'
import { isNamed } from './named-tools.ts'
import { needsApproval, type OfferedTool } from './tool-offer.ts'
import { describeProblem, describeTool, type ToolTurns } from './tool-turns.ts'

/** Answers a chat completion. Calls the caller wants to be asked about come back to it as ordinary calls. */
export async function answerChat(turns: ToolTurns): Promise<number> {
  const { request, answer } = turns
  const { status, body } = await runTurns(turns).catch((error: unknown) => {
    // What goes wrong before a sign of life went out is an error of HTTP.
    if (!answer.isOpen) throw error
    return { status: 500, body: { error: { message: describeProblem(error), type: 'api_error' } } }
  })
  if (status !== 200 && !answer.isOpen) answer.sendJson(status, body)
  else if (request.stream) {
    answer.write(status === 200 ? formatChatStream(request, body) : `data: ${JSON.stringify(body)}\n\n`)
    answer.end()
  } else answer.sendJson(status, body)
  return status
}

/** Calls the model until it wants no more tools of ours. */
async function runTurns(turns: ToolTurns): Promise<{ readonly status: number; readonly body: JsonRecord }> {
  const { stream: _, stream_options: __, tools, ...body } = turns.request.body
  const allTools = [
    ...readList(tools).filter((tool) => !isNamed(tool)),
    ...turns.offer.tools.map(describeFunction),
  ]
  const messages = [...readRecords(body['messages'])]
  for (;;) {
    const choice = turns.isFirst || body['tool_choice'] === undefined ? {} : { tool_choice: 'auto' }
    const { status, body: answered } = await turns.ask({
      ...{ ...body, ...choice, messages },
      ...(allTools.length > 0 && { tools: allTools }),
    })
    if (status !== 200) return { status, body: answered }
    const message = readRecord(readRecords(answered['choices'])[0]?.['message']) ?? {}
    const calls = readRecords(message['tool_calls']).map((call) => ({ call, offered: findOurs(turns, call) }))
    const ours = calls.filter(({ offered }) => offered !== null)
    const others = calls.filter(({ offered }) => offered === null).map(({ call }) => call)
    const whole = { ...answered, usage: turns.usage }
    if (ours.length === 0) return { status, body: whole }
    const results = await Promise.all(ours.map(({ call, offered }) => runCall(turns, call, offered)))
    if (others.length > 0) return { status, body: withCalls(whole, message, others) }
    messages.push(message, ...results)
  }
}

/** Null for calls the caller makes, or wants to be asked about. */
function findOurs(turns: ToolTurns, call: JsonRecord): OfferedTool | null {
  const offered = turns.offer.find(readText(readRecord(call['function'])?.['name']) ?? '')
  return offered === null || needsApproval(offered) ? null : offered
}

/** The message that answers a call. */
async function runCall(turns: ToolTurns, call: JsonRecord, offered: OfferedTool | null): Promise<JsonRecord> {
  const text = readText(readRecord(call['function'])?.['arguments']) ?? ''
  const content = offered === null ? 'There is no such tool.' : (await turns.call(offered, text)).text
  return { role: 'tool', tool_call_id: call['id'] ?? '', content }
}

function describeFunction(offered: OfferedTool): JsonRecord {
  const { description, schema } = describeTool(offered)
  return { type: 'function', function: { name: offered.name, description, parameters: schema } }
}

function withCalls(answer: JsonRecord, message: JsonRecord, calls: readonly JsonRecord[]): JsonRecord {
  const [first, ...rest] = readRecords(answer['choices'])
  return { ...answer, choices: [{ ...first, message: { ...message, tool_calls: calls } }, ...rest] }
}

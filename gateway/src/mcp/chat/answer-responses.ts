import {
  type JsonRecord,
  readList,
  readRecord,
  readRecords,
  readString,
  readText,
} from '../../conversation/json-value.ts'
import { locateItem } from '../../conversation/response-item-id.ts'
import { keeperOf } from '../../pipeline/history.ts'
import { isNamed } from './named-tools.ts'
import { ResponseWriter } from './response-writer.ts'
import { functionName, needsApproval, type OfferedTool } from './tool-offer.ts'
import { describeProblem, describeTool, type ToolTurns } from './tool-turns.ts'

const ownTypes: ReadonlySet<unknown> = new Set(['mcp_list_tools', 'mcp_call', 'mcp_approval_request'])

/** Whether items of an earlier answer of the gateway's are there, or answers to what it asked. */
export function hasOwnItems(input: readonly JsonRecord[]): boolean {
  return input.some(
    (item) =>
      (ownTypes.has(item['type']) && locateItem(readText(item['id']) ?? '') !== null) ||
      (item['type'] === 'mcp_approval_response' &&
        locateItem(readText(item['approval_request_id']) ?? '') !== null),
  )
}

/**
 * Answers a request in the form of Responses: with items for what the servers offer, for every call and for those the caller is
 * asked about, streamed as they come. Calls whose approval the request brings are made first.
 */
export async function answerResponses(turns: ToolTurns): Promise<number> {
  const writer = new ResponseWriter(turns.request, turns.answer)
  try {
    return await runTurns(turns, writer)
  } catch (error) {
    // What goes wrong before a stream has begun is an error of HTTP.
    if (!turns.answer.isOpen) throw error
    return writer.fail(500, { error: { type: 'api_error', message: describeProblem(error) } })
  }
}

async function runTurns(turns: ToolTurns, writer: ResponseWriter): Promise<number> {
  const { request } = turns
  const approved = await callApproved(turns, readItems(request.body['input']))
  const fixed = describeRequest(turns)
  const input = [...approved.input]
  for (;;) {
    const isFirst = turns.isFirst
    const choice = choiceOf(request.body['tool_choice'], isFirst, turns)
    const { status, body: answered } = await turns.ask({ ...fixed, ...choice, input })
    if (status !== 200) return writer.fail(status, answered)
    if (isFirst) await writeBeginning(turns, writer, answered, approved.calls)
    const items = readRecords(answered['output'])
    const { outputs, isReturned } = await writeItems(turns, writer, items)
    if (outputs.length === 0 || isReturned) {
      const response = writer.end(answered, turns.usage)
      if (request.boundTo === null) await keeperOf(request)?.(response)
      return 200
    }
    input.push(...items, ...outputs)
  }
}

/** What is the same in every turn. An answer that a provider keeps goes on there. */
function describeRequest(turns: ToolTurns): JsonRecord {
  const { request, offer } = turns
  const { stream: _, tools, store: __, previous_response_id: previous, ...body } = request.body
  const isBound = request.boundTo !== null
  const others = readList(tools).filter((tool) => !isNamed(tool) || isForeign(tool, turns))
  const allTools = [...others, ...offer.tools.map(describeFunction)]
  return {
    ...{ ...body, store: isBound },
    ...(isBound && { previous_response_id: previous }),
    ...(allTools.length > 0 && { tools: allTools }),
  }
}

async function writeBeginning(
  turns: ToolTurns,
  writer: ResponseWriter,
  answered: JsonRecord,
  calls: Approved['calls'],
): Promise<void> {
  writer.begin(answered)
  for (const list of describeOffers(turns)) writer.listTools(list)
  for (const { started, ended } of calls) await writer.call(started, Promise.resolve(ended))
}

/** Writes the items of a turn, and makes the calls among them. */
async function writeItems(
  turns: ToolTurns,
  writer: ResponseWriter,
  items: readonly JsonRecord[],
): Promise<{ readonly outputs: readonly JsonRecord[]; readonly isReturned: boolean }> {
  const outputs: JsonRecord[] = []
  let isReturned = false
  for (const { item, running } of items.map((item) => ({ item, running: startCall(turns, item) }))) {
    if (running?.ended) {
      const ended = await writer.call(running.started, running.ended)
      outputs.push({ type: 'function_call_output', call_id: item['call_id'], output: textOf(ended) })
    } else {
      isReturned ||= item['type'] === 'function_call'
      writer.add(running?.request ?? item)
    }
  }
  return { outputs, isReturned }
}

/** The call of a tool as an item, before and after it. */
interface RunningCall {
  readonly started: JsonRecord
  /** Null while the caller has not agreed. */
  readonly ended: Promise<JsonRecord> | null
  /** What asks the caller. */
  readonly request: JsonRecord
}

/** Begins a call of ours; null for every other item. */
function startCall(turns: ToolTurns, item: JsonRecord): RunningCall | null {
  const offered = item['type'] === 'function_call' ? turns.offer.find(readText(item['name']) ?? '') : null
  if (offered === null) return null
  const text = readString(item['arguments']) ?? ''
  const started = describeCall(offered, text, null)
  const { type: _, output: __, error: ___, status: ____, approval_request_id: _____, ...asked } = started
  return {
    started,
    ended: needsApproval(offered) ? null : finishCall(turns, offered, started, text),
    request: { type: 'mcp_approval_request', ...asked },
  }
}

async function finishCall(
  turns: ToolTurns,
  offered: OfferedTool,
  started: JsonRecord,
  argumentsText: string,
): Promise<JsonRecord> {
  const { text, isError } = await turns.call(offered, argumentsText)
  return isError
    ? { ...started, status: 'failed', error: text, output: null }
    : { ...started, status: 'completed', output: text }
}

function describeCall(
  { tool, named }: OfferedTool,
  argumentsText: string,
  approvalId: string | null,
): JsonRecord {
  return {
    type: 'mcp_call',
    ...{
      approval_request_id: approvalId,
      arguments: argumentsText,
      error: null,
      name: tool.emitted,
      output: null,
    },
    ...{ server_label: named.label, status: 'in_progress' },
  }
}

function textOf(call: JsonRecord): string {
  return readString(call['output']) ?? readString(call['error']) ?? ''
}

interface Approved {
  /** The input in terms that every provider knows. */
  readonly input: readonly JsonRecord[]
  /** The calls the caller has agreed to, which have been made. */
  readonly calls: readonly { readonly started: JsonRecord; readonly ended: JsonRecord }[]
}

/** Makes the calls the caller has agreed to, and puts all calls of the gateway as calls of functions. */
async function callApproved(turns: ToolTurns, items: readonly JsonRecord[]): Promise<Approved> {
  const answers = new Map<unknown, JsonRecord>()
  const done = new Set<unknown>()
  for (const item of items) {
    if (item['type'] === 'mcp_approval_response') answers.set(item['approval_request_id'], item)
    if (item['type'] === 'mcp_call') done.add(item['approval_request_id'])
  }
  const input: JsonRecord[] = []
  const calls: { started: JsonRecord; ended: JsonRecord }[] = []
  for (const item of items) {
    const { type, id } = item
    if (type === 'mcp_call') input.push(...asFunctionCall(turns, item, textOf(item)))
    else if (type === 'mcp_approval_request') {
      const answer = answers.get(id)
      if (answer === undefined || done.has(id)) continue
      if (answer['approve'] !== true) {
        input.push(...asFunctionCall(turns, item, refusalOf(answer)))
        continue
      }
      const call = await callAgreed(turns, item)
      calls.push(call)
      input.push(...asFunctionCall(turns, item, textOf(call.ended)))
    } else if (type !== 'mcp_list_tools' && type !== 'mcp_approval_response') input.push(item)
  }
  return { input, calls }
}

async function callAgreed(
  turns: ToolTurns,
  item: JsonRecord,
): Promise<{ readonly started: JsonRecord; readonly ended: JsonRecord }> {
  const name = readText(item['name']) ?? ''
  const label = readText(item['server_label'])
  const text = readString(item['arguments']) ?? ''
  const approvalId = readText(item['id'])
  const offered = turns.offer.findNamed(label, name)
  if (offered !== null) {
    const started = describeCall(offered, text, approvalId)
    return { started, ended: await finishCall(turns, offered, started, text) }
  }
  const started: JsonRecord = {
    type: 'mcp_call',
    ...{ approval_request_id: approvalId, arguments: text, error: null, name, output: null },
    ...{ server_label: label, status: 'in_progress' },
  }
  const error = 'Error: this request does not bring the tool any more.'
  return { started, ended: { ...started, status: 'failed', error } }
}

function refusalOf(answer: JsonRecord): string {
  const reason = readText(answer['reason'])
  return `The user did not agree to this call.${reason === null ? '' : ` ${reason}`}`
}

function asFunctionCall(turns: ToolTurns, item: JsonRecord, output: string): JsonRecord[] {
  const call_id = `call_${readText(item['id']) ?? ''}`
  const written = readText(item['name']) ?? ''
  const name = turns.offer.findNamed(readText(item['server_label']), written)?.name ?? functionName(written)
  const argumentsText = readString(item['arguments']) ?? '{}'
  return [
    { type: 'function_call', call_id, name, arguments: argumentsText === '' ? '{}' : argumentsText },
    { type: 'function_call_output', call_id, output },
  ]
}

function readItems(input: unknown): readonly JsonRecord[] {
  return typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : readRecords(input)
}

/** A server of the provider's own, which the provider calls. */
function isForeign(tool: unknown, turns: ToolTurns): boolean {
  const record = readRecord(tool)
  return !turns.offer.labels.has(readText(record?.['server_label'])) || record?.['connector_id'] !== undefined
}

function describeFunction(offered: OfferedTool): JsonRecord {
  const { description, schema } = describeTool(offered)
  return { type: 'function', name: offered.name, description, parameters: schema, strict: false }
}

/** An item for each entry of the request, with what it brings. */
function describeOffers({ offer }: ToolTurns): JsonRecord[] {
  return [...offer.labels].map((label) => ({
    type: 'mcp_list_tools',
    server_label: label,
    tools: offer.tools
      .filter(({ named }) => named.label === label)
      .map((offered) => ({
        name: offered.tool.emitted,
        description: describeTool(offered).description,
        input_schema: describeTool(offered).schema,
        annotations: readRecord(offered.tool.description['annotations']),
      })),
  }))
}

/** A choice of tools of a server, in terms of functions; after the first turn the model is free. */
function choiceOf(choice: unknown, isFirst: boolean, { offer }: ToolTurns): JsonRecord {
  if (choice === undefined) return {}
  if (!isFirst) return { tool_choice: 'auto' }
  const record = readRecord(choice)
  if (record?.['type'] !== 'mcp') return { tool_choice: choice }
  const name = readText(record['name'])
  const offered = name === null ? null : offer.findNamed(readText(record['server_label']), name)
  return { tool_choice: offered === null ? 'required' : { type: 'function', name: offered.name } }
}

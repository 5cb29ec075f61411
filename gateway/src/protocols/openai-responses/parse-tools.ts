import { GatewayError } from '@routeiq/contract'
import {
  type JsonRecord,
  readRecord,
  readRecords,
  readString,
  readText,
} from '../../conversation/json-value.ts'
import type { ToolChoice, ToolDefinition } from '../../conversation/request.ts'
import { requireList, requireRecord, requireString } from '../field-reader.ts'
import { flattenName } from './tool-namespaces.ts'

interface ParsedTools {
  readonly tools: readonly ToolDefinition[]
  readonly toolChoice: ToolChoice | null
}

/**
 * Tools and the choice among them. Namespaces are flattened; what a provider runs itself stays as it is, for the wire
 * to translate or to drop. Errors: 400 when the choice requires such a tool.
 */
export function parseTools(body: JsonRecord): ParsedTools {
  const listed = body['tools'] == null ? [] : requireList(body['tools'], 'tools')
  const tools = listed.flatMap((tool, index) => {
    const path = `tools[${index}]`
    return parseTool(requireRecord(tool, path), null, path)
  })
  const choice = readChoice(body['tool_choice'])
  return {
    tools: choice.allowed === null ? tools : tools.filter((tool) => choice.allowed?.has(tool.name)),
    toolChoice: choice.toolChoice,
  }
}

function parseTool(tool: JsonRecord, namespace: string | null, path: string): ToolDefinition[] {
  const type = requireString(tool['type'], `${path}.type`)
  switch (type) {
    case 'function':
      return [parseFunction(tool, namespace, path)]
    case 'custom': {
      const name = flattenName(namespace, requireString(tool['name'], `${path}.name`))
      const description = describeFreeText(tool)
      return [{ type: 'custom', name, description, format: readRecord(tool['format']) }]
    }
    case 'apply_patch':
      return [{ type: 'custom', name: 'apply_patch', description: applyPatchDescription, format: null }]
    case 'namespace': {
      const name = requireString(tool['name'], `${path}.name`)
      const members = requireList(tool['tools'], `${path}.tools`)
      return members.flatMap((member, index) => {
        const memberPath = `${path}.tools[${index}]`
        return parseTool(requireRecord(member, memberPath), name, memberPath)
      })
    }
    default:
      return [{ type: 'provider', name: type, value: tool }]
  }
}

/** Cursor sends the chat form, with the definition one level down. */
function parseFunction(tool: JsonRecord, namespace: string | null, path: string): ToolDefinition {
  const definition = readText(tool['name']) === null ? (readRecord(tool['function']) ?? tool) : tool
  const { parameters, strict } = definition
  return {
    type: 'function',
    name: flattenName(namespace, requireString(definition['name'], `${path}.name`)),
    description: readString(definition['description']),
    parameters: parameters == null ? null : requireRecord(parameters, `${path}.parameters`),
    strict: typeof strict === 'boolean' ? strict : null,
  }
}

/** A grammar cannot be enforced elsewhere, so the model is told of it. */
function describeFreeText(tool: JsonRecord): string | null {
  const description = readString(tool['description'])
  const format = readRecord(tool['format'])
  const definition = readText(format?.['definition'])
  if (definition === null) return description
  const syntax = readText(format?.['syntax']) ?? 'lark'
  return `${description ?? ''}\n\nThe input must match this ${syntax} grammar:\n${definition}`.trimStart()
}

const applyPatchDescription =
  'Creates, changes or deletes files. The input is one JSON object with the members `type` (`create_file`, ' +
  '`update_file` or `delete_file`), `path`, and, except for deletion, `diff` in the V4A diff format.'

interface ReadChoice {
  readonly toolChoice: ToolChoice | null
  /** Flat names of the only tools the model may call, null when it may call all. */
  readonly allowed: ReadonlySet<string> | null
}

const words = new Map<unknown, ToolChoice>(
  Object.entries({
    auto: { type: 'auto' },
    none: { type: 'none' },
    required: { type: 'required' },
    any: { type: 'required' },
  }),
)

function readChoice(choice: unknown): ReadChoice {
  if (typeof choice === 'string') return { toolChoice: words.get(choice) ?? null, allowed: null }
  const record = readRecord(choice)
  if (record === null) return { toolChoice: null, allowed: null }
  const { type, mode } = record
  const word = words.get(type)
  if (word !== undefined) return { toolChoice: word, allowed: null }
  if (type === 'allowed_tools') {
    const allowed = new Set(readRecords(record['tools']).map(nameOf))
    return { toolChoice: words.get(mode) ?? { type: 'auto' }, allowed }
  }
  if (type === 'apply_patch') return { toolChoice: { type: 'tool', name: 'apply_patch' }, allowed: null }
  const name = nameOf(record)
  if (name !== '' && (type === 'function' || type === 'custom' || type === 'tool'))
    return { toolChoice: { type: 'tool', name }, allowed: null }
  throw new GatewayError(
    'unsupported_parameter',
    `The tool '${String(type)}' that \`tool_choice\` requires runs at OpenAI only; choose another, or a model of OpenAI.`,
    { param: 'tool_choice' },
  )
}

function nameOf(choice: JsonRecord): string {
  const name = readText(choice['name']) ?? readText(readRecord(choice['function'])?.['name'])
  if (name !== null) return flattenName(readText(choice['namespace']), name)
  return choice['type'] === 'apply_patch' ? 'apply_patch' : ''
}

import { GatewayError } from '@routeiq/contract'
import { credentialHeaders } from '../../config/settings/mcp-server-body.ts'
import type { Description } from '../catalogue/definition.ts'

const methods = ['get', 'put', 'post', 'delete', 'patch', 'head'] as const
const places = ['path', 'query', 'header'] as const
const maxDepth = 24

type Json = Readonly<Record<string, unknown>>
type Place = (typeof places)[number]

interface OperationParameter {
  readonly place: Place
  /** Its name in the request. */
  readonly key: string
  /** Its name among the arguments of the tool. */
  readonly argument: string
}

/** One operation of an OpenAPI document as a tool. */
export interface Operation {
  readonly name: string
  readonly method: string
  /** With `{name}` where parameters go. */
  readonly path: string
  readonly parameters: readonly OperationParameter[]
  readonly hasBody: boolean
  readonly description: Description
}

/**
 * The operations of an OpenAPI 3 document. Errors: 400 `invalid_request` for what is no such document, for references that
 * lead out of it, and for two operations of one name.
 */
export function readOperations(document: unknown): readonly Operation[] {
  const root = asRecord(document)
  if (root === null || !/^3\.[01]\b/.test(String(root['openapi'])))
    throw invalid('it must be an OpenAPI document of version 3.0 or 3.1')
  const operations = new Map<string, Operation>()
  for (const [path, entry] of Object.entries(asRecord(root['paths']) ?? {})) {
    const item = asRecord(entry)
    if (item === null) continue
    for (const method of methods) {
      const written = asRecord(item[method])
      if (written === null) continue
      const operation = readOperation(root, { path, method, item, written })
      if (operations.has(operation.name)) throw invalid(`two operations are called ${operation.name}`)
      operations.set(operation.name, operation)
    }
  }
  return [...operations.values()]
}

interface Written {
  readonly path: string
  readonly method: string
  readonly item: Json
  readonly written: Json
}

function readOperation(root: Json, { path, method, item, written }: Written): Operation {
  const listed = [...list(item['parameters']), ...list(written['parameters'])]
    .map((one) => asRecord(inline(root, one)))
    .filter((one) => one !== null)
  const byPlace = new Map(listed.map((one) => [`${String(one['in'])} ${String(one['name'])}`, one]))
  const usable = [...byPlace.values()].filter(isUsable)
  const parameters = nameArguments(usable)
  const body = asRecord(inline(root, written['requestBody']))
  const bodySchema = jsonSchemaOf(body)
  const properties = Object.fromEntries(
    usable.map((one, at) => [parameters[at]?.argument ?? '', describeParameter(one)]),
  )
  const required = usable.flatMap((one, at) =>
    one['required'] === true || one['in'] === 'path' ? [parameters[at]?.argument ?? ''] : [],
  )
  const inputSchema = {
    type: 'object',
    properties: { ...properties, ...(bodySchema !== null && { body: bodySchema }) },
    required: [...required, ...(bodySchema !== null && body?.['required'] === true ? ['body'] : [])],
  }
  const id = typeof written['operationId'] === 'string' ? written['operationId'] : `${method}${path}`
  const name = id.replaceAll(/[^A-Za-z0-9_.-]+/g, '_').replaceAll(/^_+|_+$/g, '')
  const texts = [written['summary'], written['description']].filter((text) => typeof text === 'string')
  return {
    ...{ name, method: method.toUpperCase(), path, parameters, hasBody: bodySchema !== null },
    description: {
      ...{ name, description: texts.join('\n\n') || `${method.toUpperCase()} ${path}`, inputSchema },
      annotations: {
        readOnlyHint: method === 'get' || method === 'head',
        destructiveHint: method === 'delete',
      },
    },
  }
}

/** Cookies and what carries credentials are the operator's business, not the model's. */
function isUsable(parameter: Json): boolean {
  const { in: place, name } = parameter
  if (typeof name !== 'string' || !places.some((known) => known === place)) return false
  return place !== 'header' || !(credentialHeaders.has(name.toLowerCase()) || /auth|token|secret/i.test(name))
}

function nameArguments(parameters: readonly Json[]): OperationParameter[] {
  const uses = new Map<string, number>([['body', 1]])
  for (const { name } of parameters) uses.set(String(name), (uses.get(String(name)) ?? 0) + 1)
  return parameters.map(({ name, in: place }) => {
    const key = String(name)
    const isClear = uses.get(key) === 1 && key !== 'body'
    return { place: place as Place, key, argument: isClear ? key : `${key}_${String(place)}` }
  })
}

function describeParameter(parameter: Json): Json {
  const schema = asRecord(parameter['schema']) ?? { type: 'string' }
  const { description } = parameter
  return typeof description === 'string' ? { description, ...schema } : schema
}

function jsonSchemaOf(body: Json | null): Json | null {
  const content = asRecord(body?.['content']) ?? {}
  const type = Object.keys(content).find((name) => /^application\/(?:[\w.-]+\+)?json\b/i.test(name))
  return type === undefined ? null : (asRecord(asRecord(content[type])?.['schema']) ?? {})
}

/** With every reference in its place; what refers to itself ends in a schema that takes anything. */
function inline(root: Json, value: unknown, seen: readonly string[] = []): unknown {
  if (Array.isArray(value)) return value.map((item) => inline(root, item, seen))
  const record = asRecord(value)
  if (record === null) return value
  const { $ref: reference } = record
  if (typeof reference === 'string') {
    if (!reference.startsWith('#/')) throw invalid(`the reference ${reference.slice(0, 80)} leads out of it`)
    if (seen.includes(reference) || seen.length > maxDepth) return {}
    return inline(root, lookUp(root, reference), [...seen, reference])
  }
  return Object.fromEntries(
    Object.entries(record).map(([name, member]) => [name, inline(root, member, seen)]),
  )
}

function lookUp(root: Json, reference: string): unknown {
  let node: unknown = root
  for (const part of reference.slice(2).split('/'))
    node = asRecord(node)?.[part.replaceAll('~1', '/').replaceAll('~0', '~')]
  if (node === undefined) throw invalid(`the reference ${reference.slice(0, 80)} leads nowhere`)
  return node
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function asRecord(value: unknown): Json | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null
}

function invalid(problem: string): GatewayError {
  return new GatewayError('invalid_request', `The document cannot be turned into tools: ${problem}.`, {
    param: 'spec_path',
  })
}

/**
 * Arguments that a tool wants to see as headers too: its schema marks them with `x-mcp-header`, and requests of the
 * 2026-07-28 revision carry them as `Mcp-Param-<name>` (SEP-2243).
 */
interface MarkedArgument {
  readonly path: readonly string[]
  readonly header: string
  readonly isInteger: boolean
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const printable = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/
const decimal = /^-?\d+(?:\.\d+)?$/
const markable: ReadonlySet<unknown> = new Set(['string', 'integer', 'boolean'])
const known = new WeakMap<object, readonly MarkedArgument[]>()

/** Headers for a call, from the arguments as they are sent. */
export function formatParamHeaders(schema: unknown, args: unknown): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const { path, header } of listMarked(schema)) {
    const text = textOf(valueAt(args, path))
    if (text !== null) headers[`Mcp-Param-${header}`] = encodeValue(text)
  }
  return headers
}

/** What is wrong with the headers of a call; null when they say what the arguments say. */
export function findParamMismatch(
  schema: unknown,
  args: unknown,
  header: (name: string) => string | null,
): { readonly header: string; readonly problem: string } | null {
  for (const { path, header: name, isInteger } of listMarked(schema)) {
    const value = valueAt(args, path)
    const text = textOf(value)
    if (text === null) continue
    const field = `Mcp-Param-${name}`
    const sent = header(field.toLowerCase())
    if (sent === null)
      return { header: field, problem: `the body has ${path.join('.')} and ${field} is absent` }
    const decoded = decodeValue(sent)
    if (decoded === null) return { header: field, problem: `${field} is no valid Base64 value` }
    const isEqual =
      decoded === text ||
      (isInteger && typeof value === 'number' && decimal.test(decoded) && Number(decoded) === value)
    if (!isEqual) return { header: field, problem: `${field} says something else than ${path.join('.')}` }
  }
  return null
}

/** What is wrong with the marks of a schema, for which clients refuse the whole tool; null when nothing is. */
export function findMarkProblem(schema: unknown): string | null {
  const taken = new Set<string>()
  const visit = (node: unknown, depth: number): string | null => {
    if (typeof node !== 'object' || node === null || depth > 32) return null
    const { properties } = node as { properties?: unknown }
    if (typeof properties !== 'object' || properties === null) return null
    for (const [name, child] of Object.entries(properties)) {
      const problem = findProblemOfMark(name, child, taken) ?? visit(child, depth + 1)
      if (problem !== null) return problem
    }
    return null
  }
  return visit(schema, 0)
}

function findProblemOfMark(name: string, property: unknown, taken: Set<string>): string | null {
  if (typeof property !== 'object' || property === null || !('x-mcp-header' in property)) return null
  const { 'x-mcp-header': header, type } = property as Record<string, unknown>
  if (typeof header !== 'string' || !token.test(header))
    return `an x-mcp-header at ${name} that is no name of a header`
  if (!markable.has(type)) return `an x-mcp-header at ${name}, which is no string, integer or boolean`
  if (taken.has(header.toLowerCase())) return `the x-mcp-header ${header} twice`
  taken.add(header.toLowerCase())
  return null
}

/** Only properties that are reached by `properties` alone can be marked. */
function listMarked(schema: unknown): readonly MarkedArgument[] {
  if (typeof schema !== 'object' || schema === null) return []
  const cached = known.get(schema)
  if (cached !== undefined) return cached
  const marked: MarkedArgument[] = []
  collect(schema, [], marked, 0)
  known.set(schema, marked)
  return marked
}

function collect(schema: object, path: readonly string[], marked: MarkedArgument[], depth: number): void {
  if (depth > 32) return
  const { properties } = schema as { properties?: unknown }
  if (typeof properties !== 'object' || properties === null) return
  for (const [name, child] of Object.entries(properties)) {
    if (typeof child !== 'object' || child === null) continue
    const { 'x-mcp-header': header, type } = child as Record<string, unknown>
    if (typeof header === 'string' && token.test(header) && markable.has(type))
      marked.push({ path: [...path, name], header, isInteger: type === 'integer' })
    collect(child, [...path, name], marked, depth + 1)
  }
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  let node = root
  for (const key of path)
    node = typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[key] : undefined
  return node
}

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (typeof value !== 'number' || !Number.isFinite(value)) return null
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? null : String(value)
}

/** Plain where a header can hold it, else `=?base64?…?=`. */
function encodeValue(text: string): string {
  const isPlain = printable.test(text) && !/^=\?base64\?.*\?=$/.test(text)
  return isPlain ? text : `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`
}

function decodeValue(value: string): string | null {
  const encoded = /^=\?base64\?(.*)\?=$/.exec(value)
  if (encoded === null) return value
  const text = encoded[1] ?? ''
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes.toString('utf8') : null
}

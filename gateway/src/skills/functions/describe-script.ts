import { readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import { parse } from '@babel/parser'
import type { FunctionArgument, FunctionItem, ModuleDescription, ModuleFile } from './function-module.ts'
import { isTypeScript } from './module-files.ts'
import { readManifest } from './module-manifest.ts'

/** A node of the syntax tree, as far as it is looked at. */
// biome-ignore lint/suspicious/noExplicitAny: the parser's types split every node by kind; what is read here is checked by kind first
type Node = any

/**
 * Describes a JavaScript module without running it: by the manifest or the `.d.ts` beside it, else by its own text and
 * JSDoc. Throws what the parser throws.
 */
export async function describeScript(module: ModuleFile): Promise<ModuleDescription> {
  const text = await readFile(module.file, 'utf8')
  const language = isTypeScript(module.file) ? 'typescript' : 'javascript'
  const imports = relativeImports(parseSource(text, language), module)
  const known = await readManifest(module.file, text)
  if (known !== null) return { items: known, imports }
  const types =
    language === 'javascript'
      ? await readFile(module.file.replace(/\.([mc]?)js$/, '.d.$1ts'), 'utf8').catch(() => null)
      : null
  return {
    items: types === null ? exportedItems(text, language) : describeDeclarations(types),
    imports,
  }
}

/** What the text of a `.d.ts` says. Throws what the parser throws. */
export function describeDeclarations(text: string): readonly FunctionItem[] {
  return exportedItems(text, 'declarations')
}

type Language = 'javascript' | 'typescript' | 'declarations'

function parseSource(text: string, language: Language): readonly Node[] {
  const typescript: ['typescript', { dts: boolean }] = ['typescript', { dts: language === 'declarations' }]
  const plugins = language === 'javascript' ? [] : [typescript]
  return parse(text, { sourceType: 'unambiguous', plugins, attachComment: true, errorRecovery: false })
    .program.body
}

/** Everything a module exports that can be called, each under the name it is exported by. */
function exportedItems(text: string, language: Language): readonly FunctionItem[] {
  const body = parseSource(text, language)
  const declared = new Map<string, { node: Node; comments: Node }>()
  for (const statement of body)
    for (const [name, node] of declarationsOf(statement)) declared.set(name, { node, comments: statement })
  const items: FunctionItem[] = []
  for (const statement of body) {
    for (const [name, local] of exportsOf(statement)) {
      const found = declared.get(local)
      if (found !== undefined && !name.startsWith('_'))
        items.push(...itemsOf(name, found.node, found.comments, text))
    }
  }
  return items
}

function declarationsOf(statement: Node): [string, Node][] {
  const node = /^Export(?:Named|Default)Declaration$/.test(statement.type) ? statement.declaration : statement
  if (node?.type === 'VariableDeclaration') {
    return node.declarations.flatMap(({ id, init }: Node) => {
      const value = init ?? declaredFunction(id)
      return id.type === 'Identifier' && isCallable(value) ? [[id.name, value]] : []
    })
  }
  return node?.id?.name !== undefined && isCallable(node) ? [[node.id.name, node]] : []
}

/** A constant whose declared type is that of a function, as one; else the node itself. */
function declaredFunction(id: Node): Node {
  const type = id.typeAnnotation?.typeAnnotation
  if (type?.type !== 'TSFunctionType') return id
  return { type: 'TSDeclareFunction', params: type.parameters, returnType: type.typeAnnotation }
}

const callables: ReadonlySet<string> = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'TSDeclareFunction',
  'ClassDeclaration',
  'ClassExpression',
])
const isCallable = (node: Node): boolean => callables.has(node.type)

/** Pairs of the exported and the local name. */
function exportsOf(statement: Node): [string, string][] {
  if (statement.type === 'ExportDefaultDeclaration') {
    const name = statement.declaration.id?.name ?? statement.declaration.name
    return name === undefined ? [] : [[name, name]]
  }
  if (statement.type === 'ExportNamedDeclaration') {
    const direct = declarationsOf(statement).map(([name]): [string, string] => [name, name])
    const listed = (statement.source === null ? statement.specifiers : []).map(
      ({ exported, local }: Node): [string, string] =>
        exported.name === 'default'
          ? [local.name, local.name]
          : [exported.name ?? exported.value, local.name],
    )
    return [...direct, ...listed]
  }
  return commonJsExports(statement)
}

/** `module.exports = { a, b }` and `exports.a = a`. */
function commonJsExports(statement: Node): [string, string][] {
  const { left, right } = statement.expression ?? {}
  if (statement.type !== 'ExpressionStatement' || left?.type !== 'MemberExpression') return []
  if (left.object.name === 'exports' && right.type === 'Identifier') return [[left.property.name, right.name]]
  if (left.object.name !== 'module' || left.property.name !== 'exports') return []
  if (right.type === 'Identifier') return [[right.name, right.name]]
  return (right.properties ?? []).flatMap(({ key, value }: Node) =>
    value?.type === 'Identifier' ? [[key.name, value.name]] : [],
  )
}

function itemsOf(name: string, node: Node, comments: Node, text: string): FunctionItem[] {
  if (!node.type.startsWith('Class'))
    return [callableItem(name, 'function', node, documentationOf(comments), text)]
  const members: readonly Node[] = node.body.body.filter(
    ({ type, key }: Node) => /^(?:ClassMethod|TSDeclareMethod)$/.test(type) && key.type === 'Identifier',
  )
  const builder = members.find(({ kind }) => kind === 'constructor')
  const methods = members.filter(
    ({ kind, key, accessibility }) =>
      kind === 'method' &&
      !key.name.startsWith('_') &&
      accessibility !== 'private' &&
      accessibility !== 'protected',
  )
  const own =
    builder === undefined ? null : callableItem(name, 'class', builder, documentationOf(builder), text)
  return [
    {
      name,
      kind: 'class',
      docstring: documentationOf(comments)?.summary ?? null,
      async: false,
      args: own?.args ?? [],
      returns: name,
      callable: methods
        .map(({ key }) => key.name as string)
        .filter((method) => method === 'run' || method === 'invoke'),
    },
    ...methods.map((method) =>
      callableItem(`${name}.${method.key.name}`, 'method', method, documentationOf(method), text),
    ),
  ]
}

interface Documentation {
  readonly summary: string
  readonly types: ReadonlyMap<string, { readonly type: string; readonly optional: boolean }>
  readonly returns: string | null
}

/** What the JSDoc comment in front of a node says; null without one. */
function documentationOf(node: Node): Documentation | null {
  const comment: string | undefined = node.leadingComments?.findLast(
    ({ type, value }: Node) => type === 'CommentBlock' && value.startsWith('*'),
  )?.value
  if (comment === undefined) return null
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\*+ ?/, '').trimEnd())
  const firstTag = lines.findIndex((line) => line.trimStart().startsWith('@'))
  const summary = (firstTag < 0 ? lines : lines.slice(0, firstTag)).join('\n').trim()
  const types = new Map<string, { type: string; optional: boolean }>()
  for (const [, type = 'any', optional, name = ''] of comment.matchAll(
    /@param\s+\{((?:[^{}]|\{[^{}]*\})*)\}\s+(\[)?([\w$]+)/g,
  ))
    types.set(name, { type: type.replace(/=$/, ''), optional: optional !== undefined || type.endsWith('=') })
  const returns = /@returns?\s+\{((?:[^{}]|\{[^{}]*\})*)\}/.exec(comment)?.[1] ?? null
  return { summary, types, returns }
}

function callableItem(
  name: string,
  kind: FunctionItem['kind'],
  node: Node,
  documentation: Documentation | null,
  text: string,
): FunctionItem {
  const written =
    node.returnType === undefined || node.returnType === null ? null : typeText(node.returnType, text)
  const promised = /^Promise<([\s\S]*)>$/.exec(written ?? documentation?.returns ?? '')
  return {
    name,
    kind,
    docstring: documentation === null || documentation.summary === '' ? null : documentation.summary,
    async: node.async === true || promised !== null,
    args: node.params.map((parameter: Node, index: number) =>
      argumentOf(parameter, index, documentation, text),
    ),
    returns: promised?.[1] ?? written ?? documentation?.returns ?? 'any',
  }
}

function argumentOf(
  parameter: Node,
  index: number,
  documentation: Documentation | null,
  text: string,
): FunctionArgument {
  if (parameter.type === 'TSParameterProperty')
    return argumentOf(parameter.parameter, index, documentation, text)
  if (parameter.type === 'RestElement')
    return { ...argumentOf(parameter.argument, index, documentation, text), required: false }
  const target = parameter.type === 'AssignmentPattern' ? parameter.left : parameter
  const name: string =
    target.name ?? [...(documentation?.types.keys() ?? [])][index] ?? `argument${index + 1}`
  const documented = documentation?.types.get(name)
  const annotation = target.typeAnnotation ?? null
  const fallback = parameter.type === 'AssignmentPattern' ? parameter.right : null
  return {
    name,
    type: annotation === null ? (documented?.type ?? 'any') : typeText(annotation, text),
    required: fallback === null && target.optional !== true && documented?.optional !== true,
    ...(['StringLiteral', 'NumericLiteral', 'BooleanLiteral'].includes(fallback?.type)
      ? { default: fallback.value as unknown }
      : {}),
  }
}

const typeText = ({ typeAnnotation: { start, end } }: Node, text: string): string =>
  text.slice(start, end).replace(/\s+/g, ' ')

/** Namespaces of the modules it imports from its own entry. */
function relativeImports(body: readonly Node[], { entry, namespace, file }: ModuleFile): readonly string[] {
  const isFolderFile = /(?:^|[\\/])index\.[mc]?[jt]s$/.test(file)
  const folder =
    isFolderFile || namespace === entry.namespace ? namespace : namespace.slice(0, namespace.lastIndexOf('.'))
  const found = body.flatMap((statement): string[] => {
    const source: string | undefined = /^(?:Import|Export)/.test(statement.type)
      ? statement.source?.value
      : undefined
    if (source === undefined || !/^\.\.?\//.test(source)) return []
    const path = posix.join(
      folder.replaceAll('.', '/'),
      source.replace(/\.[mc]?[jt]s$/, '').replace(/\/index$/, ''),
    )
    return [path.replaceAll('/', '.')]
  })
  return [...new Set(found)].sort()
}

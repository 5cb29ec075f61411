import { splitPath } from './path.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Who may call a route. Every route names one; there is no default. */
export type AuthClass = 'public' | 'user' | 'admin'

/**
 * One documented path. Template segments: literal, `{name}` (one segment), `{name+}` (the rest, slashes
 * included), `{name+}:verb` (the rest up to a last `:verb`, which beats the plain rest). A `{name+}` with more behind it
 * (`/skills/{skill+}/body`) takes one or two segments. `{name*}` at the end is everything that follows as it was sent,
 * query included, neither decoded nor checked, for routes that refuse in words of their own; it beats every other
 * template but an exact one. `aliased: false` keeps a path from also answering with or
 * without the `/v1` prefix.
 */
export interface Route<Handler> {
  readonly method: Method
  readonly template: string
  readonly auth: AuthClass
  readonly handler: Handler
  readonly aliased?: boolean
}

export interface RouteMatch<Handler> {
  readonly route: Route<Handler>
  readonly params: Readonly<Record<string, string>>
}

export type RouteLookup<Handler> =
  | RouteMatch<Handler>
  | { readonly route: null; readonly allow: readonly string[] }

interface Rest<Handler> {
  readonly name: string
  readonly methods: Map<string, Route<Handler>>
}

interface NamedNode<Handler> {
  readonly name: string
  readonly node: Node<Handler>
}

interface Node<Handler> {
  readonly literals: Map<string, Node<Handler>>
  parameter: NamedNode<Handler> | null
  /** A name of one or two segments, with more of the template behind it. */
  slashed: NamedNode<Handler> | null
  rest: Rest<Handler> | null
  readonly verbs: Map<string, Rest<Handler>>
  readonly methods: Map<string, Route<Handler>>
}

const noParams: Readonly<Record<string, string>> = Object.freeze({})
const newNode = <Handler>(): Node<Handler> => ({
  literals: new Map(),
  parameter: null,
  slashed: null,
  rest: null,
  verbs: new Map(),
  methods: new Map(),
})

/**
 * Finds the route of a request. Exact targets are one Map look-up; others walk a tree in which a literal beats
 * a parameter, a parameter a name that may hold a slash, and that a rest match. A path `/P` also answers as `/v1/P` and the reverse, unless
 * that name is documented on its own or the route is not aliased; a doubled `/v1/v1/P` is tolerated.
 */
export class Router<Handler> {
  readonly #exact = new Map<string, Map<string, RouteMatch<Handler>>>()
  readonly #root: Node<Handler> = newNode()
  readonly #raw = new Map<string, Rest<Handler>>()
  readonly routes: readonly Route<Handler>[]
  readonly #prefix: string

  /** `rootPath` (`SERVER_ROOT_PATH`) prefixes every path; `bareAliases: false` drops undocumented bare forms. */
  constructor(routes: readonly Route<Handler>[], options: { rootPath?: string; bareAliases?: boolean } = {}) {
    this.routes = routes
    this.#prefix = (options.rootPath ?? '').replace(/\/+$/, '')
    const documented = new Set(routes.map((route) => `${route.method} ${route.template}`))
    for (const route of routes) this.#insert(route, route.template)
    for (const route of routes) {
      const alias = aliasOf(route)
      if (alias === null || documented.has(`${route.method} ${alias}`)) continue
      if (options.bareAliases === false && !alias.startsWith('/v1/')) continue
      this.#insert(route, alias)
    }
  }

  find(method: string, target: string): RouteLookup<Handler> | null {
    const effective = method === 'HEAD' ? 'GET' : method
    const exact = this.#exact.get(target)?.get(effective)
    if (exact !== undefined) return exact
    for (const [prefix, { name, methods }] of this.#raw) {
      if (!target.startsWith(prefix)) continue
      const route = methods.get(effective)
      return route === undefined
        ? { route: null, allow: allowed(methods) }
        : { route, params: { [name]: target.slice(prefix.length) } }
    }
    if (this.#prefix !== '' && !target.startsWith(`${this.#prefix}/`)) return null
    const segments = splitPath(target.slice(this.#prefix.length))
    if (segments === null) return null
    return this.#walk(segments, effective) ?? this.#walkWithoutDoubledPrefix(segments, effective)
  }

  #walkWithoutDoubledPrefix(segments: readonly string[], method: string): RouteLookup<Handler> | null {
    return segments[0] === 'v1' && segments[1] === 'v1' ? this.#walk(segments.slice(1), method) : null
  }

  #walk(segments: readonly string[], method: string): RouteLookup<Handler> | null {
    const found = matchNode(this.#root, segments, 0, {})
    if (found === null) return null
    const route = found.methods.get(method)
    return route === undefined
      ? { route: null, allow: allowed(found.methods) }
      : { route, params: found.params }
  }

  #insert(route: Route<Handler>, template: string): void {
    const raw = /^(.*\/)\{(\w+)\*\}$/.exec(template)
    if (raw !== null) {
      const [, prefix = '', name = ''] = raw
      const rest = this.#raw.get(this.#prefix + prefix) ?? { name, methods: new Map() }
      rest.methods.set(route.method, route)
      this.#raw.set(this.#prefix + prefix, rest)
      return
    }
    if (!template.includes('{')) {
      const target = this.#prefix + template
      const methods = this.#exact.get(target) ?? new Map<string, RouteMatch<Handler>>()
      methods.set(route.method, { route, params: noParams })
      this.#exact.set(target, methods)
    }
    insertIntoTree(this.#root, template.slice(1).split('/'), route)
  }
}

function aliasOf<Handler>(route: Route<Handler>): string | null {
  if (route.aliased === false) return null
  return route.template.startsWith('/v1/') ? route.template.slice(3) : `/v1${route.template}`
}

function insertIntoTree<Handler>(
  root: Node<Handler>,
  segments: readonly string[],
  route: Route<Handler>,
): void {
  let node = root
  for (const [index, segment] of segments.entries()) {
    if (segment.startsWith('{') && segment.endsWith('+}')) {
      if (index < segments.length - 1) {
        node = namedNode(node, 'slashed', segment.slice(1, -2), route)
        continue
      }
      node.rest ??= { name: segment.slice(1, -2), methods: new Map() }
      node.rest.methods.set(route.method, route)
      return
    }
    const verb = /^\{(\w+)\+\}:(\w+)$/.exec(segment)
    if (verb !== null) {
      const [, name = '', word = ''] = verb
      const rest = node.verbs.get(word) ?? { name, methods: new Map() }
      node.verbs.set(word, rest)
      rest.methods.set(route.method, route)
      return
    }
    node = segment.startsWith('{')
      ? namedNode(node, 'parameter', segment.slice(1, -1), route)
      : literalNode(node, segment)
  }
  node.methods.set(route.method, route)
}

/** One place has one name, or the handlers of a route would look for a parameter that is called otherwise. */
function namedNode<Handler>(
  node: Node<Handler>,
  kind: 'parameter' | 'slashed',
  name: string,
  { template }: Route<Handler>,
): Node<Handler> {
  const named = node[kind] ?? { name, node: newNode() }
  node[kind] = named
  if (named.name !== name) throw new Error(`${template} calls {${named.name}} of another route {${name}}`)
  return named.node
}

function literalNode<Handler>(node: Node<Handler>, segment: string): Node<Handler> {
  const existing = node.literals.get(segment)
  if (existing !== undefined) return existing
  const created = newNode<Handler>()
  node.literals.set(segment, created)
  return created
}

interface Found<Handler> {
  readonly methods: ReadonlyMap<string, Route<Handler>>
  readonly params: Readonly<Record<string, string>>
}

function matchNode<Handler>(
  node: Node<Handler>,
  segments: readonly string[],
  depth: number,
  params: Readonly<Record<string, string>>,
): Found<Handler> | null {
  const segment = segments[depth]
  if (segment === undefined) return node.methods.size > 0 ? { methods: node.methods, params } : null
  const literal = node.literals.get(segment)
  const byLiteral = literal === undefined ? null : matchNode(literal, segments, depth + 1, params)
  if (byLiteral !== null) return byLiteral
  if (node.parameter !== null && segment !== '') {
    const extended = { ...params, [node.parameter.name]: segment }
    const byParameter = matchNode(node.parameter.node, segments, depth + 1, extended)
    if (byParameter !== null) return byParameter
  }
  const bySlashed = node.slashed === null ? null : matchSlashed(node.slashed, segments, depth, params)
  if (bySlashed !== null) return bySlashed
  return matchRest(node, segments.slice(depth), params)
}

/** The longer name first: what is known stands at the right, and everything before it is the name. */
function matchSlashed<Handler>(
  { name, node }: NamedNode<Handler>,
  segments: readonly string[],
  depth: number,
  params: Readonly<Record<string, string>>,
): Found<Handler> | null {
  for (const length of [2, 1]) {
    const parts = segments.slice(depth, depth + length)
    if (parts.length < length || parts.includes('') || depth + length === segments.length) continue
    const extended = { ...params, [name]: parts.join('/') }
    const found = matchNode(node, segments, depth + length, extended)
    if (found !== null) return found
  }
  return null
}

function matchRest<Handler>(
  node: Node<Handler>,
  rest: readonly string[],
  params: Readonly<Record<string, string>>,
): Found<Handler> | null {
  if (rest.includes('')) return null
  const text = rest.join('/')
  const colon = node.verbs.size === 0 ? -1 : text.lastIndexOf(':')
  const verb = colon <= 0 ? undefined : node.verbs.get(text.slice(colon + 1))
  if (verb !== undefined)
    return { methods: verb.methods, params: { ...params, [verb.name]: text.slice(0, colon) } }
  if (node.rest === null) return null
  return { methods: node.rest.methods, params: { ...params, [node.rest.name]: text } }
}

function allowed(methods: ReadonlyMap<string, unknown>): readonly string[] {
  return methods.has('GET') ? [...methods.keys(), 'HEAD'] : [...methods.keys()]
}

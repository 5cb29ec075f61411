import { readFileSync } from 'node:fs'
import { call } from '../harness/call-gateway.ts'
import type { Gateway } from '../harness/start-gateway.ts'

interface Probe {
  readonly method: string
  readonly template: string
  /** The path of a request for what somebody has, and its body. */
  readonly ask: (has: Readonly<Record<string, string>>) => { readonly path: string; readonly body?: string }
  /** What who may is answered; null for any success. */
  readonly allowed: number | null
  readonly line: string
}

type Whose = 'organization' | 'team'

interface Rule {
  readonly whose: Whose | 'exempt'
  readonly methods: readonly string[]
  readonly template: string
  readonly names: ReadonlyMap<string, string>
  readonly query: string
  readonly body: string | undefined
  readonly allowed: number | null
  readonly line: string
}

export interface Sweep {
  readonly probes: readonly (Probe & { readonly whose: Whose })[]
  /** Routes no line is about, and lines about no route. */
  readonly forgotten: readonly string[]
}

interface ListedRoute {
  readonly method: string
  readonly template: string
}

/** The routes of a gateway, as it lists them. */
export async function listRoutes(gateway: Gateway): Promise<ListedRoute[]> {
  const { routes } = (await call(gateway.url, '/routes', { key: gateway.masterKey })).json()
  return routes.flatMap(({ path, methods }: { path: string; methods: string[] }) =>
    methods.flatMap((method) => (method === 'HEAD' ? [] : [{ method, template: path }])),
  )
}

/** What `routes.txt` makes of the routes there are. */
export function planSweep(routes: readonly ListedRoute[]): Sweep {
  const rules = readRules()
  const used = new Set<Rule>()
  const probes: (Probe & { whose: Whose; at: number })[] = []
  const forgotten: string[] = []
  for (const { method, template } of routes) {
    const covering = rules.filter((rule) => covers(rule, method, template))
    const exact = covering.filter((rule) => rule.template === template)
    if (covering.length === 0) forgotten.push(`${method} ${template}`)
    for (const rule of exact.length > 0 ? exact : covering.slice(0, 1)) {
      used.add(rule)
      const { allowed, line, whose } = rule
      if (whose === 'exempt') continue
      probes.push({
        method,
        template,
        allowed,
        line,
        whose,
        at: rules.indexOf(rule),
        ask: asking(rule, template),
      })
    }
  }
  forgotten.push(...rules.flatMap((rule) => (used.has(rule) ? [] : [rule.line])))
  return { forgotten, probes: probes.sort((one, other) => one.at - other.at) }
}

function readRules(): Rule[] {
  const rules: Rule[] = []
  let whose: Rule['whose'] | null = null
  for (const line of readFileSync(new URL('routes.txt', import.meta.url), 'utf8').split('\n')) {
    const section = /^# (organization|team|exempt: \S.*)$/.exec(line)
    if (section !== null) whose = (section[1]?.split(':')[0] ?? '') as Rule['whose']
    else if (line !== '' && !line.startsWith(';')) rules.push(readRule(line, whose))
  }
  return rules
}

const shape =
  /^(?<methods>[A-Z,]+|\*) (?<path>[^ ?]+)(?<query>\?\S+)?(?: (?<body>[{[].*?))?(?: -> (?<status>\d{3}))?$/

function readRule(line: string, whose: Rule['whose'] | null): Rule {
  const found = shape.exec(line)?.groups
  if (found === undefined || whose === null) throw new Error(`not understood: ${line}`)
  const names = new Map<string, string>()
  const template = (found['path'] ?? '').replaceAll(
    /\{([^{}=:]+)([=:])([^{}]+)\}/g,
    (_, name: string, sign: string, value: string) => {
      names.set(name.replace(/[+*]$/, ''), sign === '=' ? `<${value}>` : value)
      return `{${name}}`
    },
  )
  const { query = '', body, status } = found
  const allowed = status === undefined ? null : Number(status)
  const methods = (found['methods'] ?? '').split(',')
  return { whose, methods, template, names, query, body, allowed, line }
}

function covers({ methods, template }: Rule, method: string, path: string): boolean {
  if (!methods.includes('*') && !methods.includes(method)) return false
  if (template === path) return true
  return template.startsWith('…') && path.endsWith(template.slice(1))
}

function asking({ names, query, body }: Rule, template: string): Probe['ask'] {
  const fill = (text: string, has: Readonly<Record<string, string>>, encode: (value: string) => string) =>
    text.replaceAll(/<([A-Za-z]+)>/g, (_, name: string) => {
      const value = has[name]
      if (value === undefined) throw new Error(`nobody has a ${name}`)
      return encode(value)
    })
  const path = template.replaceAll(
    /\{([A-Za-z_]+)[+*]?\}/g,
    (_, name: string) => names.get(name) ?? `<${name}>`,
  )
  return (has) => ({
    path: fill(
      path + query,
      { project: 'x', location: 'x', today: new Date().toISOString().slice(0, 10), ...has },
      encodeURIComponent,
    ),
    ...(body !== undefined && { body: fill(body, has, (value) => JSON.stringify(value).slice(1, -1)) }),
  })
}

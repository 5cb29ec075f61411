import { GatewayError } from '@routeiq/contract'
import type { Caller } from './caller.ts'

/** LiteLLM's names for groups of routes, as prefixes of documented templates without `/v1`. */
const routeGroups: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'llm_api_routes',
    [
      ...[
        '/chat/',
        '/completions',
        '/embeddings',
        '/engines/',
        '/openai/',
        '/messages',
        '/models',
        '/responses',
      ],
      ...['/images/', '/audio/', '/moderations', '/rerank', '/v2/rerank', '/utils/'],
      ...['/anthropic/', '/gemini/', '/vertex_ai/', '/vertex-ai/', '/bedrock/', '/azure/', '/azure_ai/'],
      ...['/cohere/', '/mistral/', '/openai_passthrough/', '/vllm/'],
    ],
  ],
  [
    'management_routes',
    [
      ...['/key/', '/v2/key/', '/user/', '/team/', '/v2/team/', '/organization/', '/customer/', '/end_user/'],
      ...['/tag/', '/budget/', '/model/', '/spend/', '/global/', '/cost/'],
    ],
  ],
  ['info_routes', ['/key/info', '/models', '/health']],
])

/**
 * Holds a key to its `allowed_routes`: documented templates, templates ending in `*`, and group names. An empty
 * list allows everything; admin keys are never limited. Errors: 403 `permission_denied`.
 */
export function requireRouteAllowed(caller: Caller, template: string): void {
  const scopes = caller.governance?.scopes ?? null
  if (scopes !== null && !caller.isAdmin) requireScope(scopes, template)
  if (caller.allowedRoutes.length === 0 || caller.isAdmin) return
  const path = withoutVersion(template)
  if (caller.allowedRoutes.some((route) => covers(route, path))) return
  throw new GatewayError(
    'permission_denied',
    `This key may not call ${path}. Its allowed routes are [${caller.allowedRoutes.join(', ')}].`,
  )
}

/**
 * Holds a key to its `allowed_passthrough_routes`: paths, and paths ending in `*`, of raw access to providers and endpoints. A
 * path is taken as it was asked for, so that one spelt otherwise is none of them. Errors: 403 `permission_denied`.
 */
export function requireRawRouteAllowed({ allowedRawRoutes, isAdmin }: Caller, path: string): void {
  if (allowedRawRoutes.length === 0 || isAdmin) return
  const isAllowed = allowedRawRoutes.some((route) =>
    route.endsWith('*') ? path.startsWith(route.slice(0, -1)) : route === path,
  )
  if (isAllowed) return
  throw new GatewayError(
    'permission_denied',
    `This key may not call ${path.slice(0, 256)}. Its allowed pass-through routes are [${allowedRawRoutes.join(', ')}].`,
  )
}

/** Families of endpoints, by the end of their templates, and those below a prefix. */
const scopesByEnd: readonly (readonly [end: RegExp, scope: string])[] = [
  [/(\/embeddings|:(batch)?embedContents?)$/, 'embeddings.write'],
  [/\/images\/\w+$/, 'images.write'],
  [/\/audio\/\w+$/, 'audio.write'],
  [/\/(chat\/completions|completions|messages|messages\/count_tokens)$/, 'completions.write'],
  [/\/responses(\/.*)?$|:(generateContent|streamGenerateContent|countTokens)$/, 'completions.write'],
  [/^(\/v1)?\/(mcp|llmrouter\/mcp)(\/|$)/, 'mcp.call'],
  [/^(\/v1)?\/a2a(\/|$)/, 'a2a.call'],
  [/^(\/v1)?\/files(\/|$)/, 'files.write'],
  // Raw access reaches everything of an account.
  [/\/\{path\+\}$/, '*'],
]

/** Errors: 403 `permission_denied` naming the scope. Routes of no family need none. */
function requireScope(scopes: ReadonlySet<string>, template: string): void {
  const scope = scopesByEnd.find(([end]) => end.test(template))?.[1]
  if (scope === undefined || scopes.has(scope)) return
  throw new GatewayError(
    'permission_denied',
    `This key may not call ${withoutVersion(template)}: it needs the scope ${scope} and has [${[...scopes].join(', ')}].`,
    { extras: { required_scope: scope } },
  )
}

/** Whether a template, a template ending in `*` or the name of a group means a documented template. */
export function coversRoute(route: string, template: string): boolean {
  return covers(route, withoutVersion(template))
}

function covers(route: string, path: string): boolean {
  const group = routeGroups.get(route)
  if (group !== undefined) {
    // `/models/{model+}:generateContent` asks a model for an answer and is no information about it.
    if (path.includes('+}:')) return route === 'llm_api_routes'
    return group.some((prefix) => path.startsWith(prefix))
  }
  const bare = withoutVersion(route)
  return bare.endsWith('*') ? path.startsWith(bare.slice(0, -1)) : bare === path
}

/** The version a path begins with says nothing about what it does. */
function withoutVersion(path: string): string {
  if (path.startsWith('/v1/')) return path.slice(3)
  return path.startsWith('/v1beta/') ? path.slice(7) : path
}

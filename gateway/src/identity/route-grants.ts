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
      ...['/tag/', '/budget/', '/model/', '/spend/', '/global/'],
    ],
  ],
  ['info_routes', ['/key/info', '/models', '/health']],
])

/**
 * Holds a key to its `allowed_routes`: documented templates, templates ending in `*`, and group names. An empty
 * list allows everything; admin keys are never limited. Errors: 403 `permission_denied`.
 */
export function requireRouteAllowed(caller: Caller, template: string): void {
  if (caller.allowedRoutes.length === 0 || caller.isAdmin) return
  const path = withoutVersion(template)
  if (caller.allowedRoutes.some((route) => covers(route, path))) return
  throw new GatewayError(
    'permission_denied',
    `This key may not call ${path}. Its allowed routes are [${caller.allowedRoutes.join(', ')}].`,
  )
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

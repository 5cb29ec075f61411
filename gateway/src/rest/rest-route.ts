import type { Endpoint } from '../http/dispatch.ts'
import type { Method, Route } from '../http/router.ts'

/** A route below `/api/v1` for every caller with a key. `path` begins with `/`. */
export function restRoute(method: Method, path: string, handler: Endpoint): Route<Endpoint> {
  return { method, template: `/api/v1${path}`, auth: 'user', aliased: false, handler }
}

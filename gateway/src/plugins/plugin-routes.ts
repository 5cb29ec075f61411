import type { PluginApp, PluginRoute } from '@routeiq/contract'
import { z } from 'zod'
import type { PluginIdentity } from './loaded-plugin.ts'

const routeSchema = z.object({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  path: z
    .string()
    .regex(
      /^(?:\/(?:[\w.~-]+|\{\w+\}))+$/,
      'a path is made of literal segments and {name}, as /reports/{id}',
    ),
  auth: z.enum(['public', 'user', 'admin']).default('user'),
  handler: z.custom<PluginRoute['handler']>(
    (value) => typeof value === 'function',
    'a handler is a function',
  ),
})

/** A route of a plugin, checked. */
export interface RegisteredRoute extends Required<Omit<PluginRoute, 'handler'>> {
  readonly plugin: string
  readonly handler: PluginRoute['handler']
}

/** The routes that plugins add while they start. */
export class PluginRoutes {
  readonly #routes: RegisteredRoute[] = []

  get all(): readonly RegisteredRoute[] {
    return this.#routes
  }

  /** What a plugin may add routes with; null without the capability. */
  of({ name, capabilities }: PluginIdentity): PluginApp | null {
    if (!capabilities.includes('ROUTES')) return null
    return {
      addRoute: (route) => {
        const parsed = routeSchema.safeParse(route)
        if (!parsed.success) throw new TypeError(`a route cannot be added: ${z.prettifyError(parsed.error)}`)
        this.#routes.push({ plugin: name, ...parsed.data })
      },
    }
  }
}

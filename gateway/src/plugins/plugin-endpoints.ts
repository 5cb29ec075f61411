import { GatewayError, type PluginRouteRequest } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../http/dispatch.ts'
import type { Route } from '../http/router.ts'
import type { Identity } from '../pipeline/authenticate.ts'
import { type ControlAnswer, type ControlRequest, controlEndpoint } from '../rest/control-endpoint.ts'
import { within } from '../within.ts'
import { PluginStartError } from './loaded-plugin.ts'
import type { PluginHost } from './plugin-host.ts'
import type { RegisteredRoute } from './plugin-routes.ts'
import { readAnswer } from './read-answer.ts'

const answerWithinMs = 60_000

/** The routes plugins have added. `taken` are those of the gateway, `METHOD /path`. Errors: PluginStartError for one of them. */
export function pluginRoutes(identity: Identity, taken: ReadonlySet<string>): readonly Route<Endpoint>[] {
  const { plugins } = identity
  if (plugins === null) return []
  const added = new Set(taken)
  return plugins.routes.all.map((route) => {
    const { method, path, auth, plugin } = route
    const name = `${method} ${path}`
    if (added.has(name))
      throw new PluginStartError(`the plugin ${plugin} adds ${name}, which is there already`)
    added.add(name)
    return { method, template: path, auth, aliased: false, handler: pluginEndpoint(identity, plugins, route) }
  })
}

function pluginEndpoint(identity: Identity, plugins: PluginHost, route: RegisteredRoute): Endpoint {
  const hasBody = route.method !== 'GET' && route.method !== 'DELETE'
  return controlEndpoint<unknown>({
    identity,
    body: hasBody ? z.unknown() : null,
    answer: (request) => answer(plugins, route, request),
  })
}

/** Errors: 500 `plugin_failed` where the handler throws, takes too long or gives no answer. */
async function answer(
  plugins: PluginHost,
  { plugin, path, handler }: RegisteredRoute,
  request: ControlRequest<unknown>,
): Promise<ControlAnswer> {
  const { exchange, caller, params, body } = request
  const shown: PluginRouteRequest = {
    ...plugins.describe(exchange),
    ...{ params, body },
    caller:
      caller === null
        ? null
        : {
            keyAlias: caller.keyAlias,
            userId: caller.userId,
            teamId: caller.teamId,
            organizationId: caller.organizationId,
          },
  }
  try {
    const given = await within(answerWithinMs, Promise.resolve(handler(shown)))
    if (given === 'timeout') throw new Error(`${path} was not answered in ${answerWithinMs / 1000} s`)
    const { statusCode, body: content, headers } = readAnswer({ statusCode: 200, body: {}, ...given })
    return { status: statusCode, headers: Object.entries(headers).flat(), body: content }
  } catch (error) {
    plugins.reportRoute(plugin, error, exchange.requestId)
    throw new GatewayError('plugin_failed', `The plugin ${plugin} of this gateway has failed.`)
  }
}

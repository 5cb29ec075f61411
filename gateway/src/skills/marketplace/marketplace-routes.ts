import { GatewayError } from '@routeiq/contract'
import type { z } from 'zod'
import { type Endpoint, sendNoRoute } from '../../http/dispatch.ts'
import type { Method, Route } from '../../http/router.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import { controlEndpoint } from '../../rest/control-endpoint.ts'
import { jsonAnswer, sendReady } from '../well-known/send-file.ts'
import type { Marketplace } from './marketplace.ts'
import { formatPlugin, pluginBody } from './plugin-body.ts'
import type { Plugin, PluginStore } from './plugin-store.ts'

export interface MarketplaceDependencies {
  readonly identity: Identity
  readonly plugins: PluginStore
  readonly marketplace: Marketplace
  readonly isEnabled: () => boolean
}

/** The marketplace of Claude Code: its document for anybody, its plugins for admins. */
export function marketplaceRoutes(deps: MarketplaceDependencies): Route<Endpoint>[] {
  const { plugins, marketplace } = deps
  const root = '/claude-code/plugins'
  const changed = async <Result>(change: Promise<Result>): Promise<Result> => {
    const result = await change
    marketplace.refresh()
    return result
  }
  const enable = (isEnabled: boolean) => async (_body: undefined, name: string) => {
    if (!(await changed(plugins.enable(name, isEnabled)))) throw noSuchPlugin(name)
    return { status: 'success', message: `Plugin ${name} is ${isEnabled ? 'enabled' : 'disabled'}.` }
  }
  return [
    publicRoute(deps, '/claude-code/marketplace.json', () => marketplace.document()),
    publicRoute(deps, '/public/skill_hub', () => marketplace.hub()),
    adminRoute(deps, 'POST', root, pluginBody, async ({ name, source, ...manifest }) => {
      const { plugin, isNew } = await changed(plugins.save({ name, source, manifest }))
      return { status: 'success', action: isNew ? 'created' : 'updated', plugin: formatPlugin(plugin) }
    }),
    adminRoute(deps, 'GET', root, null, async () => {
      const listed = await plugins.list()
      return { plugins: listed.map(formatPlugin), count: listed.length }
    }),
    adminRoute(deps, 'GET', `${root}/{name}`, null, async (_, name) =>
      formatPlugin(await requirePlugin(plugins, name)),
    ),
    adminRoute(deps, 'DELETE', `${root}/{name}`, null, async (_, name) => {
      if (!(await changed(plugins.delete(name)))) throw noSuchPlugin(name)
      return { status: 'success', message: `Plugin ${name} is deleted.` }
    }),
    adminRoute(deps, 'POST', `${root}/{name}/enable`, null, enable(true)),
    adminRoute(deps, 'POST', `${root}/{name}/disable`, null, enable(false)),
  ]
}

function publicRoute(
  { isEnabled }: MarketplaceDependencies,
  template: string,
  read: () => Promise<object>,
): Route<Endpoint> {
  const handler: Endpoint = {
    errors: 'control',
    handle: async (exchange) => {
      if (isEnabled()) sendReady(exchange, jsonAnswer(await read()))
      else sendNoRoute(exchange)
    },
  }
  return { method: 'GET', template, auth: 'public', aliased: false, handler }
}

function adminRoute<Body>(
  { identity }: MarketplaceDependencies,
  method: Method,
  template: string,
  body: z.ZodType<Body> | null,
  answer: (body: Body, name: string) => Promise<object>,
): Route<Endpoint> {
  const handler = controlEndpoint<Body>({
    identity,
    body,
    answer: async (request) => ({ body: await answer(request.body, request.params['name'] ?? '') }),
  })
  return { method, template, auth: 'admin', aliased: false, handler }
}

async function requirePlugin(plugins: PluginStore, name: string): Promise<Plugin> {
  const found = (await plugins.list()).find((plugin) => plugin.name === name)
  if (found === undefined) throw noSuchPlugin(name)
  return found
}

function noSuchPlugin(name: string): GatewayError {
  return new GatewayError('not_found', `No plugin ${name} was found.`, { param: 'name' })
}

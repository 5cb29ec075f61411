import type { Endpoint } from '../http/dispatch.ts'
import type { Route } from '../http/router.ts'
import type { Identity } from '../pipeline/authenticate.ts'
import type { AbsentPlugin } from '../plugins/loaded-plugin.ts'
import type { RunningPlugin } from '../plugins/running-plugin.ts'
import { controlEndpoint } from '../rest/control-endpoint.ts'

export interface PluginStatusDependencies {
  readonly identity: Identity
  readonly builtIn: ReadonlySet<string>
  readonly absent: readonly AbsentPlugin[]
}

/** `GET /api/v1/routeiq/plugins`: what runs, what does not and why, in the order in which hooks are called. */
export function pluginStatusRoutes({
  identity,
  builtIn,
  absent,
}: PluginStatusDependencies): Route<Endpoint>[] {
  const handler = controlEndpoint({
    identity,
    body: null,
    answer: async () => {
      const running = await Promise.all((identity.plugins?.plugins ?? []).map(describeRunning))
      const plugins = [...[...builtIn].map(describeBuiltIn), ...running, ...absent.map(describeAbsent)]
      return { body: { plugins, count: plugins.length } }
    },
  })
  return [{ method: 'GET', template: '/api/v1/routeiq/plugins', auth: 'admin', aliased: false, handler }]
}

const describeBuiltIn = (name: string): object => ({
  ...{ name, version: '1.0.0', built_in: true, status: 'active' },
})

async function describeRunning(plugin: RunningPlugin): Promise<object> {
  const { name, version, capabilities, dependsOn, priority, failureMode, description } = plugin.identity
  return {
    ...{ name, version, built_in: plugin.isBuiltIn, status: plugin.status, description, capabilities },
    ...{ depends_on: dependsOn, priority, failure_mode: failureMode, failures: plugin.failures },
    ...{ configured_as: plugin.written, health: await plugin.checkHealth() },
  }
}

const describeAbsent = ({ written, status, reason }: AbsentPlugin): object => ({
  ...{ name: written, built_in: false, status, reason, configured_as: written },
})

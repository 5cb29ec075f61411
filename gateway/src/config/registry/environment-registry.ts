import { accessSettings } from './access-settings.ts'
import { agentSettings } from './agent-settings.ts'
import { coreSettings } from './core-settings.ts'
import { injectionSettings } from './injection-settings.ts'
import { learnedRoutingSettings } from './learned-routing-settings.ts'
import { operationsSettings } from './operations-settings.ts'
import { pluginSettings } from './plugin-settings.ts'
import { policySettings } from './policy-settings.ts'
import { routingSettings } from './routing-settings.ts'
import { type Setting, treeName } from './setting.ts'
import { skillSettings } from './skill-settings.ts'
import { storageSettings } from './storage-settings.ts'
import { toolSettings } from './tool-settings.ts'

/** Every documented variable, by area. */
export const settingGroups: readonly { readonly title: string; readonly settings: readonly Setting[] }[] = [
  { title: 'Server and files', settings: coreSettings },
  { title: 'Database and Redis', settings: storageSettings },
  { title: 'Keys and access', settings: accessSettings },
  { title: 'Routing', settings: routingSettings },
  { title: 'Operations and telemetry', settings: operationsSettings },
  { title: 'Learned routing', settings: learnedRoutingSettings },
  { title: 'Tools, agents and skills', settings: toolSettings },
  { title: 'Agents over A2A', settings: agentSettings },
  { title: 'Skill Router', settings: skillSettings },
  { title: 'Skills in requests', settings: injectionSettings },
  { title: 'Cache, policies and guardrails', settings: policySettings },
  { title: 'Plugins and evaluation', settings: pluginSettings },
]

export const allSettings: readonly Setting[] = settingGroups.flatMap((group) => group.settings)

/** Every name a setting answers to, the `__` form first. */
export function variableNames(setting: Setting): readonly string[] {
  const tree = treeName(setting)
  return tree === null ? setting.names : [tree, ...setting.names]
}

/** Environment variable name → the setting it changes. */
export const settingsByVariable: ReadonlyMap<string, Setting> = new Map(
  allSettings.flatMap((setting) => variableNames(setting).map((name) => [name, setting] as const)),
)

import {
  type Plugin,
  type PluginFailureMode,
  pluginCapabilities,
  pluginFailureModes,
} from '@routeiq/contract'
import { z } from 'zod'
import { nearestName } from '../config/registry/nearest-name.ts'
import { hookNames, type LoadedPlugin } from './loaded-plugin.ts'

const isHook: ReadonlySet<string> = new Set(hookNames)

const metadataSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'a name has 1 to 64 letters, digits, dots, hyphens and underscores'),
  version: z.string().default('0.0.0'),
  capabilities: z
    .array(z.string())
    .refine((names) => !names.includes('STORAGE_BACKEND'), {
      error:
        'STORAGE_BACKEND is not open to plugins: budgets, limits and audit need the transactions of PostgreSQL',
      abort: true,
    })
    .pipe(z.array(z.enum(pluginCapabilities)))
    .default([]),
  dependsOn: z.array(z.string()).default([]),
  priority: z.number().default(1000),
  failureMode: z.enum(pluginFailureModes).optional(),
  description: z.string().default(''),
})

/**
 * Reads a module's default export: an object, or a class that is made here. Errors: throws a TypeError for what is no plugin,
 * and for a hook nobody would ever call.
 */
export function readPlugin(exported: unknown, written: string, failureMode: PluginFailureMode): LoadedPlugin {
  const instance = typeof exported === 'function' ? construct(exported) : exported
  if (typeof instance !== 'object' || instance === null)
    throw new TypeError('its default export is neither an object nor a class')
  for (const name of listMembers(instance)) requireKnown(instance as Record<string, unknown>, name)
  const plugin = instance as Plugin
  const given = plugin.metadata ?? { name: nameOf(instance, written) }
  const parsed = metadataSchema.safeParse(given)
  if (!parsed.success) throw new TypeError(`its metadata cannot be used: ${z.prettifyError(parsed.error)}`)
  if (plugin.authenticate !== undefined && !parsed.data.capabilities.includes('AUTH_PROVIDER'))
    throw new TypeError('its hook authenticate needs the capability AUTH_PROVIDER')
  if (plugin.onLlmAnswer !== undefined && !parsed.data.capabilities.includes('GUARDRAIL'))
    throw new TypeError('its hook onLlmAnswer needs the capability GUARDRAIL')
  return {
    written,
    isBuiltIn: false,
    instance: plugin,
    identity: { failureMode, ...withoutUndefined(parsed.data) },
  }
}

/** What a module that is no plugin says follows from that; `standard` where it says nothing. */
export function failureModeOf(exported: unknown, standard: PluginFailureMode): PluginFailureMode {
  const parsed = z.looseObject({ metadata: claimSchema }).safeParse(instanceOf(exported))
  return parsed.success ? parsed.data.metadata.failureMode : standard
}

const claimSchema = z.looseObject({ failureMode: z.enum(pluginFailureModes) })

function instanceOf(exported: unknown): unknown {
  try {
    return typeof exported === 'function' ? construct(exported) : exported
  } catch {
    return null
  }
}

/** Proven to be a function; whether it can be made is for it to say. */
const construct = (exported: object): unknown => new (exported as new () => unknown)()

const withoutUndefined = ({ failureMode, ...rest }: z.infer<typeof metadataSchema>) =>
  failureMode === undefined ? rest : { ...rest, failureMode }

/** The members an instance has of its own or of its classes. */
function listMembers(instance: object): ReadonlySet<string> {
  const names = new Set<string>()
  for (
    let owner = instance;
    owner !== Object.prototype && owner !== null;
    owner = Object.getPrototypeOf(owner)
  )
    for (const name of Object.getOwnPropertyNames(owner)) names.add(name)
  return names
}

function requireKnown(instance: Record<string, unknown>, name: string): void {
  if (isHook.has(name)) {
    if (typeof instance[name] !== 'function') throw new TypeError(`its hook ${name} is no function`)
    return
  }
  if (!/^on[A-Z]/.test(name)) return
  const nearest = nearestName(name, hookNames)
  throw new TypeError(`there is no hook ${name}${nearest === null ? '' : `; did you mean ${nearest}?`}`)
}

/** The class, or what the configuration calls it. */
function nameOf(instance: object, written: string): string {
  const { name } = instance.constructor
  const known = name === 'Object' ? written : name
  return known.replaceAll(/[^\w.-]+/g, '-').slice(-64)
}

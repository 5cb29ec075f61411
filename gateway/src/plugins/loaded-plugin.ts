import type { Plugin, PluginCapability, PluginFailureMode, PluginMetadata } from '@routeiq/contract'

export type HookName = Exclude<keyof Plugin, 'metadata'>

export const hookNames: readonly HookName[] = [
  'startup',
  'shutdown',
  'healthCheck',
  'authenticate',
  'onRequest',
  'onResponse',
  'onLlmPreCall',
  'onLlmAnswer',
  'onLlmSuccess',
  'onLlmFailure',
  'evaluateMcpResult',
  'evaluateA2aResult',
  'onConfigReload',
  'onRouteRegister',
  'onModelHealthChange',
  'onCircuitBreakerChange',
  'onManagementOperation',
]

export type HookArguments<Name extends HookName> = Parameters<NonNullable<Plugin[Name]>>

/** Metadata with every default filled in. */
export interface PluginIdentity extends Required<PluginMetadata> {
  readonly capabilities: readonly PluginCapability[]
  readonly failureMode: PluginFailureMode
}

/** A module that was imported and found to be a plugin. */
export interface LoadedPlugin {
  /** As the configuration writes it. */
  readonly written: string
  readonly identity: PluginIdentity
  readonly instance: Plugin
  readonly isBuiltIn: boolean
  /** Milliseconds for a hook on the way of a request, where they are not those of all plugins. */
  readonly hookMs?: number
}

/** What was configured and does not run. */
export interface AbsentPlugin {
  readonly written: string
  /** `rejected` may not load, `failed` could not. */
  readonly status: 'rejected' | 'failed'
  readonly reason: string
}

/** Ends the start; the text is for the operator. */
export class PluginStartError extends Error {
  override readonly name: string = 'PluginStartError'
}

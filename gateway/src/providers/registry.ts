import { a2aWire } from './a2a/a2a.ts'
import { anthropicWire } from './anthropic/anthropic.ts'
import { vertexClaudeWire } from './anthropic/vertex.ts'
import { bedrockWire } from './bedrock/bedrock.ts'
import { cohereWire } from './cohere/cohere.ts'
import { compatibleVendors } from './compatible-vendors.ts'
import { firstPartyProviders } from './first-party.ts'
import { geminiWire } from './gemini/gemini.ts'
import { vertexWire } from './gemini/vertex.ts'
import { ollamaWire } from './ollama/ollama.ts'
import { azureAiWire, azureResponsesWire, azureWire } from './openai/azure.ts'
import { openaiWire } from './openai/openai.ts'
import { responsesWire } from './openai/responses/responses.ts'
import { plannedProviders } from './planned-providers.ts'
import type { ProviderProfile, Wire } from './wire.ts'

const wires = new Map<string, Wire>(
  [
    openaiWire,
    responsesWire,
    azureWire,
    azureResponsesWire,
    azureAiWire,
    anthropicWire,
    vertexClaudeWire,
    bedrockWire,
    cohereWire,
    geminiWire,
    vertexWire,
    ollamaWire,
    a2aWire,
  ].map((wire) => [wire.id, wire]),
)

const providers = new Map<string, ProviderProfile>(
  [...firstPartyProviders, ...compatibleVendors, ...plannedProviders].map((profile) => [profile.id, profile]),
)

/** The profile of a provider id, also of one whose wire is not available yet; null for an unknown id. */
export function findProvider(id: string): ProviderProfile | null {
  return providers.get(id) ?? null
}

export function isKnownProvider(id: string): boolean {
  return providers.has(id)
}

/** The wire with this id (`ProviderProfile.wireId`), null when this release does not have it. */
export function findWire(id: string): Wire | null {
  return wires.get(id) ?? null
}

/** Every wire of this release, one of a dialect before its variants. */
export function listWires(): readonly Wire[] {
  return [...wires.values()]
}

/** Whether a provider can be used: `planned` ones are known by name but have no wire in this release. */
export function wireAvailability(providerId: string): 'available' | 'planned' | 'unknown' {
  const provider = providers.get(providerId)
  if (provider === undefined) return 'unknown'
  return wires.has(provider.wireId) ? 'available' : 'planned'
}

/** The provider of a model written without one (`claude-opus-4-1`); OpenAI when the name says nothing. */
export function guessProvider(bareModel: string): string {
  if (bareModel.startsWith('claude')) return 'anthropic'
  if (bareModel.startsWith('gemini-')) return 'gemini'
  return 'openai'
}

/** A provider for which the environment holds a key. */
export interface ProviderCredential {
  readonly provider: ProviderProfile
  readonly keyVariable: string
  /** The variable that overrides the base URL, null when none is set. */
  readonly baseUrlVariable: string | null
}

/** Usable providers with a key in the environment, in the order of the provider table. */
export function providersFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): ProviderCredential[] {
  const isSet = (name: string): boolean => (env[name] ?? '').trim() !== ''
  const found: ProviderCredential[] = []
  for (const provider of providers.values()) {
    if (!wires.has(provider.wireId)) continue
    const keyVariable = provider.keyVariables.find(isSet)
    const baseUrlVariable = provider.baseUrlVariables.find(isSet) ?? null
    const hasBase = baseUrlVariable !== null || hasDefaultBase(provider, isSet)
    if (keyVariable === undefined || !hasBase) continue
    found.push({ provider, keyVariable, baseUrlVariable })
  }
  return found
}

/** Whether the default base URL can be used, which may need parts that name the account. */
function hasDefaultBase(provider: ProviderProfile, isSet: (name: string) => boolean): boolean {
  const { defaultBaseUrl, accountVariables = {} } = provider
  if (defaultBaseUrl === null) return false
  const names = Object.keys(accountVariables).filter((name) => defaultBaseUrl.includes(`{${name}}`))
  return names.every((name) => accountVariables[name]?.some(isSet))
}

import { firstSet, type ProviderVariables } from '../provider-catalog.ts'
import type { Environment } from '../source/interpolate.ts'
import { isRecord } from '../values/coerce.ts'
import type { Section } from '../values/section.ts'

/**
 * The parameters that name an account beside its key, written with the model or in the environment. Maps (inline
 * JSON credentials) become JSON text. One that is written but empty is not replaced by another account's.
 */
export function readAccount(
  params: Section,
  provider: Pick<ProviderVariables, 'accountVariables' | 'accountGroups'> | null,
  env: Environment,
): Readonly<Record<string, string>> {
  const written = (name: string): boolean => Object.hasOwn(params.values, name)
  const account: Record<string, string> = {}
  for (const [name, variables] of Object.entries(provider?.accountVariables ?? {})) {
    const group = provider?.accountGroups?.find((names) => names.includes(name)) ?? [name]
    const value = group.some(written) ? readText(params, name) : firstSet(variables, env)
    if (value !== null && value.trim() !== '') account[name] = value
  }
  return account
}

function readText(params: Section, name: string): string | null {
  const value = params.values[name]
  return isRecord(value) ? JSON.stringify(value) : params.text(name)
}

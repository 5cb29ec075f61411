import { firstSet } from '../provider-catalog.ts'
import type { Environment } from '../source/interpolate.ts'
import { isRecord } from '../values/coerce.ts'
import type { Section } from '../values/section.ts'

/**
 * The parameters that name an account beside its key, written with the model or in the environment. Maps (inline
 * JSON credentials) become JSON text. One that is written but empty is not replaced by another account's.
 */
export function readAccount(
  params: Section,
  variables: Readonly<Record<string, readonly string[]>>,
  env: Environment,
): Readonly<Record<string, string>> {
  const account: Record<string, string> = {}
  for (const [name, substitutes] of Object.entries(variables)) {
    const written = params.values[name]
    const isWritten = Object.hasOwn(params.values, name)
    const value = isRecord(written)
      ? JSON.stringify(written)
      : isWritten
        ? params.text(name)
        : firstSet(substitutes, env)
    if (value !== null && value.trim() !== '') account[name] = value
  }
  return account
}

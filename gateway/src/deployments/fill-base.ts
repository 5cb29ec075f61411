import type { ProviderProfile } from '../providers/wire.ts'

/**
 * A vendor's default base URL with the parts that are different for each account (`{cloudflare_account_id}`) filled in.
 * Errors: throws an Error with a text for the operator when the account does not say one.
 */
export function fillBase(
  { id, defaultBaseUrl, accountVariables }: ProviderProfile,
  account: Account,
): string | null {
  if (defaultBaseUrl === null) return null
  return defaultBaseUrl.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = account[name]
    if (value !== undefined) return encodeURIComponent(value)
    const variable = accountVariables?.[name]?.[0]
    throw new Error(`provider \`${id}\` needs \`${name}\` (or ${variable ?? 'a variable'}), or \`api_base\``)
  })
}

type Account = Readonly<Record<string, string>>

import type { Path, Report } from '../report.ts'
import { isRecord, type UnknownRecord } from '../values/coerce.ts'

export type Environment = Readonly<Record<string, string | undefined>>

const wholeReference = /^os\.environ\/(.+)$/
const wholeBraces = /^\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}$/
const embeddedBraces = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g

/**
 * Replaces `os.environ/NAME`, `${NAME}` and `${NAME:-default}` in every text of the tree, in place. A missing
 * variable becomes null (an empty text inside a longer one) and a warning.
 */
export function interpolateTree(root: UnknownRecord, env: Environment, report: Report): void {
  interpolateMembers(root, [], (text, path) => interpolateText(text, env, path, report))
}

function interpolateMembers(
  node: UnknownRecord | unknown[],
  path: Path,
  replace: (text: string, path: Path) => unknown,
): void {
  const members = node as Record<string | number, unknown>
  const keys = Array.isArray(node) ? node.keys() : Object.keys(node)
  for (const key of keys) {
    const value = members[key]
    if (typeof value === 'string')
      members[key] = value.includes('/') || value.includes('$') ? replace(value, [...path, key]) : value
    else if (isRecord(value) || Array.isArray(value)) interpolateMembers(value, [...path, key], replace)
  }
}

export function interpolateText(text: string, env: Environment, path: Path, report: Report): string | null {
  const whole = wholeReference.exec(text.trim()) ?? wholeBraces.exec(text.trim())
  if (whole !== null) return lookUp(whole[1] ?? '', whole[2], env, path, report)
  if (!text.includes('${')) return text
  return text.replace(
    embeddedBraces,
    (_match, name: string, fallback: string | undefined) => lookUp(name, fallback, env, path, report) ?? '',
  )
}

function lookUp(
  name: string,
  fallback: string | undefined,
  env: Environment,
  path: Path,
  report: Report,
): string | null {
  const value = env[name]
  if (value !== undefined && value !== '') return value
  if (fallback !== undefined) return fallback
  report.warn(
    path,
    `the environment variable ${name} is not set`,
    `set ${name}, or write \${${name}:-<default>}`,
  )
  return null
}

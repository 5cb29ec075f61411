import { marker } from './marker.ts'

const endOfUrl = /[\s"'<>`\\]/g
const endOfAuthority = /[/?#]/
const port = /^\d{1,5}(?:[/?#]|$)/

/** Replaces the password in `scheme://user:password@host`, even one with an unescaped `@`, `/` or `#` in it. */
export function redactUrlPasswords(text: string): string {
  let result = ''
  let copied = 0
  for (
    let scheme = text.indexOf('://');
    scheme !== -1;
    scheme = text.indexOf('://', Math.max(copied, scheme + 3))
  ) {
    const start = scheme + 3
    const url = text.slice(start, findUrlEnd(text, start))
    const password = locatePassword(url)
    if (password) {
      result += text.slice(copied, start + password.from) + marker
      copied = start + password.to
    } else {
      scheme = start + url.length - 3
    }
  }
  return copied === 0 ? text : result + text.slice(copied)
}

function findUrlEnd(text: string, from: number): number {
  endOfUrl.lastIndex = from
  return endOfUrl.exec(text)?.index ?? text.length
}

function locatePassword(url: string): { from: number; to: number } | null {
  const colon = url.indexOf(':')
  if (colon === -1) return null
  const authorityEnd = url.search(endOfAuthority)
  const inAuthority = url.lastIndexOf('@', authorityEnd === -1 ? url.length : authorityEnd)
  const at =
    inAuthority > colon
      ? inAuthority
      : port.test(url.slice(colon + 1, colon + 7))
        ? -1
        : url.indexOf('@', colon)
  const from = colon + 1
  return at <= from || url.startsWith(marker, from) ? null : { from, to: at }
}

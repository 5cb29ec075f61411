import { expect } from 'vitest'

/** Head lines as names and values; fails for lines that are none. */
export function parseHead(lines: string): Record<string, string> {
  expect(lines).toMatch(/^([!-9;-~]+: [ -~]*\r\n)*$/)
  const entries = lines.split('\r\n').filter((line) => line !== '')
  return Object.fromEntries(
    entries.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  )
}

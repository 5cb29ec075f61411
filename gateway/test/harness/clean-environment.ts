import { tmpdir } from 'node:os'

/**
 * An environment with nothing of the machine's in it but what a program needs to run: no provider key, proxy or
 * gateway setting leaks into a test. `extra` is added.
 */
export function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: tmpdir(),
    TMPDIR: tmpdir(),
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    ...extra,
  }
}

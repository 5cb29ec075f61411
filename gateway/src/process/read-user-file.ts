import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The text of a file; `~/` is the home of who runs the gateway. Errors: rejects when there is none. */
export function readUserFile(path: string): Promise<string> {
  return readFile(path.startsWith('~/') ? join(homedir(), path.slice(2)) : path, 'utf8')
}

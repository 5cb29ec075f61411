import { execFile } from 'node:child_process'
import { cleanEnvironment } from '../harness/clean-environment.ts'

/** How a script ended; `code` is null when it was stopped. */
export interface ScriptResult {
  readonly code: number | null
  readonly output: string
}

/** A reader of the documentation would see an error answer; here it is one. */
const strictly = `set -euo pipefail
curl() { command curl --silent --show-error --fail-with-body --max-time 10 "$@"; }
`

/** Runs a script in `cwd` as a reader would paste it, with curl failing on answers of 400 and above. */
export function runScript(script: string, cwd: string): Promise<ScriptResult> {
  return new Promise((resolve) => {
    const options = { cwd, env: cleanEnvironment(), timeout: 15_000 }
    execFile('bash', ['-c', strictly + script], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null
      resolve({ code, output: stdout + stderr })
    })
  })
}

import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { packageFile } from '../../package-file.ts'
import type { ModuleDescription, ModuleFile } from './function-module.ts'

const program = fileURLToPath(packageFile('runtimes/describe.py'))
const timeoutMs = 10_000

/**
 * Describes Python modules by their syntax trees, in a child that never imports them. In the order given; a text says
 * what is wrong with one. Rejects when the child does not answer in time.
 */
export async function describePython(
  python: string,
  modules: readonly ModuleFile[],
): Promise<readonly (ModuleDescription | string)[]> {
  const files = await Promise.all(
    modules.map(async ({ namespace, file, entry }) => ({
      namespace,
      text: await readFile(file, 'utf8'),
      isPackage:
        /(?:^|[\\/])__init__\.py$/.test(file) || (namespace === entry.namespace && file !== entry.path),
    })),
  )
  const answers = JSON.parse(await run(python, JSON.stringify({ files }))) as readonly ({
    error?: string
  } & ModuleDescription)[]
  return answers.map((answer) => answer.error ?? answer)
}

function run(python: string, request: string): Promise<string> {
  const child = spawn(python, ['-I', '-B', '-X', 'utf8', program], {
    stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
    env: {},
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  })
  return new Promise((resolve, reject) => {
    const answer: Buffer[] = []
    ;(child.stdio[3] as Readable).on('data', (chunk: Buffer) => answer.push(chunk))
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) resolve(Buffer.concat(answer).toString('utf8'))
      else reject(new Error(`python ended with ${signal ?? code} while it described modules`))
    })
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(request)
  })
}

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { CodeLanguage } from '../../injection/code-tool.ts'
import { packageFile } from '../../package-file.ts'
import type { Launch } from '../functions/isolation.ts'

/** Programs of one language: what they are started with, and what of the machine that needs. */
export interface Interpreter {
  /** The command in front of the program's file. */
  readonly command: readonly string[]
  /** Folders and files beside the system's own that it reads. */
  readonly readable: readonly string[]
  /** The file a program is written to. */
  readonly fileName: string
  /** Whether its address space can be limited: some reserve more than they ever use. */
  readonly limitsAddresses: boolean
}

export interface SandboxLimits {
  readonly memoryMb: number
  readonly cpuSeconds: number
}

const script = fileURLToPath(packageFile('runtimes/sandbox.sh'))
const namespaces = [
  ...['--user', '--map-root-user', '--mount', '--pid', '--fork', '--kill-child=KILL'],
  ...['--ipc', '--uts', '--net'],
]

/** The interpreters of this machine. Bash, or another shell in its place, is always there. */
export async function findInterpreters(
  node: string,
  memoryMb: number,
): Promise<ReadonlyMap<CodeLanguage, Interpreter>> {
  const describe = 'import sys, json; print(json.dumps([sys.executable, sys.prefix, sys.base_prefix]))'
  const [python, bash] = await Promise.all([
    tryRun('python3', ['-I', '-c', describe]),
    tryRun('bash', ['-c', 'true']),
  ])
  const found = new Map<CodeLanguage, Interpreter>([
    [
      'javascript',
      {
        command: [node, `--max-old-space-size=${memoryMb}`, '--no-warnings'],
        readable: ofOwn([node]),
        fileName: 'main.mjs',
        limitsAddresses: false,
      },
    ],
    [
      'bash',
      {
        command: [bash === null ? '/bin/sh' : 'bash'],
        readable: [],
        fileName: 'main.sh',
        limitsAddresses: true,
      },
    ],
  ])
  if (python !== null) {
    const [executable = '', prefix = '', basePrefix = ''] = JSON.parse(python) as string[]
    found.set('python', {
      command: [executable, '-I', '-B', '-X', 'utf8'],
      readable: ofOwn([...new Set([basePrefix, prefix])]),
      fileName: 'main.py',
      limitsAddresses: true,
    })
  }
  return found
}

/** Those that are not part of the system, which every program sees. */
function ofOwn(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => path !== '/' && path !== '/usr' && !path.startsWith('/usr/'))
}

/**
 * How a program is started so that the kernel holds it: processes, network, files and what it may do. `root` is an empty
 * folder; what is in `folder` lies at `/`, read-only.
 */
export function launchSandbox(
  root: string,
  folder: string,
  { readable, limitsAddresses }: Pick<Interpreter, 'readable' | 'limitsAddresses'>,
  { memoryMb, cpuSeconds }: SandboxLimits,
  program: readonly string[],
): Launch {
  const limits = [
    ...['prlimit', '--nofile=64', '--fsize=16777216', '--core=0', `--cpu=${cpuSeconds}`],
    ...(limitsAddresses ? [`--as=${memoryMb * 1_048_576}`] : []),
    '--',
  ]
  const setup = ['/bin/sh', script, root, folder, ...readable, '--']
  return { command: 'unshare', argv: [...namespaces, '--', ...setup, ...limits, ...program] }
}

function tryRun(command: string, argv: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(command, argv, { timeout: 5000 }, (error, stdout) => resolve(error === null ? stdout : null))
  })
}

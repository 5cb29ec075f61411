import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageFile } from '../../package-file.ts'
import type { FunctionEntry } from './function-module.ts'

/** What holds a module back: the kernel, the language's own runtime, code in the language (no boundary), or nothing. */
type Strength = 'kernel' | 'runtime' | 'hooked' | 'none'

export interface Isolation {
  readonly process: Strength
  readonly memory: Strength
  readonly network: Strength
  readonly files: Strength
}

/** What this machine offers; found out once. */
export interface Host {
  readonly node: string
  /** The interpreter itself, null when there is none. */
  readonly python: string | null
  /** The command that starts another one in namespaces of its own, without `--net`; null where that is not possible. */
  readonly namespaces: readonly string[] | null
  readonly prlimit: boolean
  /** The flag of Node's permission model; null in versions without. */
  readonly nodePermissions: string | null
  /** The flag that lets Node run TypeScript; null in versions that cannot. */
  readonly nodeTypes: string | null
}

export interface Launch {
  readonly command: string
  readonly argv: readonly string[]
}

const callPython = fileURLToPath(packageFile('runtimes/call.py'))
const callNode = fileURLToPath(packageFile('runtimes/call.mjs'))

/** Asks the machine by trying: a flag that exists may still be forbidden. */
export async function probeHost(node: string, nodeFlags: ReadonlySet<string>): Promise<Host> {
  const namespaces = [
    'unshare',
    '--user',
    '--map-current-user',
    '--pid',
    '--fork',
    '--kill-child=KILL',
    '--ipc',
  ]
  const [python, canUnshare, canLimit] = await Promise.all([
    tryRun('python3', ['-I', '-c', 'import sys; print(sys.executable)']),
    tryRun('unshare', [...namespaces.slice(1), '--net', 'true']),
    tryRun('prlimit', ['--nofile=64', 'true']),
  ])
  return {
    node,
    python: python === null ? null : python.trim(),
    namespaces: canUnshare === null ? null : namespaces,
    prlimit: canLimit !== null,
    nodePermissions:
      ['--permission', '--experimental-permission'].find((flag) => nodeFlags.has(flag)) ?? null,
    nodeTypes: nodeFlags.has('--experimental-strip-types') ? '--experimental-strip-types' : null,
  }
}

function tryRun(command: string, argv: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(command, argv, { timeout: 5000 }, (error, stdout) => resolve(error === null ? stdout : null))
  })
}

/** How a module of this entry is held on this machine, as told to admins and held against `require_isolation`. */
export function isolationOf(host: Host, entry: FunctionEntry): Isolation {
  const byNamespaces: Strength = host.namespaces === null ? 'hooked' : 'kernel'
  return {
    process: host.namespaces === null ? 'runtime' : 'kernel',
    memory: entry.runtime === 'python' ? 'kernel' : 'runtime',
    network: entry.network === 'allow' ? 'none' : byNamespaces,
    files: entry.runtime === 'node' && host.nodePermissions !== null ? 'runtime' : 'hooked',
  }
}

/** The command that waits for one request on stdin. Null when the language is not installed. */
export function launchOf(host: Host, entry: FunctionEntry, directory: string): Launch | null {
  const program = entry.runtime === 'python' ? pythonCommand(host) : nodeCommand(host, entry, directory)
  if (program === null) return null
  const limits = host.prlimit
    ? ['prlimit', '--nofile=64', '--fsize=16777216', '--core=0', `--cpu=${cpuSeconds(entry)}`, '--']
    : []
  const own = host.namespaces ?? []
  const net = own.length > 0 && entry.network === 'deny' ? ['--net'] : []
  const [command = '', ...argv] = [...own, ...net, ...limits, ...program]
  return { command, argv }
}

/** Processor time is limited to what the wall clock allows. */
export function cpuSeconds({ timeoutMs }: FunctionEntry): number {
  return Math.ceil(timeoutMs / 1000) + 1
}

function pythonCommand({ python }: Host): readonly string[] | null {
  return python === null ? null : [python, '-I', '-B', '-X', 'utf8', callPython]
}

function nodeCommand(
  { node, nodePermissions, nodeTypes }: Host,
  entry: FunctionEntry,
  directory: string,
): readonly string[] {
  const flags = [
    ...(nodeTypes === null ? [] : [nodeTypes]),
    `--max-old-space-size=${entry.memoryMb}`,
    '--no-warnings',
    '--disable-proto=delete',
  ]
  if (nodePermissions === null) return [node, ...flags, callNode]
  // A folder and `folder/*` together crash the permission model of Node 20.
  const readable = [dirname(callNode), rootOf(entry), ...entry.read, directory]
  const allowed = [...readable.map((path) => `--allow-fs-read=${path}/*`), `--allow-fs-write=${directory}/*`]
  return [node, nodePermissions, ...allowed, ...flags, callNode]
}

/** The folder a module may read: that of the entry, or around a single file. */
export function rootOf({ path }: FunctionEntry): string {
  return /\.(?:py|[mc]?[jt]s)$/.test(path) ? dirname(path) : path
}

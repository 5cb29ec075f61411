import { spawn } from 'node:child_process'
import { mkdirSync, openSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export const WORK_FOLDER = new URL('../.work/', import.meta.url).pathname

/** Raised by a subject that cannot run here; the run goes on without it and says so. */
export class Unavailable extends Error {}

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()

/**
 * Starts a program on one core with its output in a log file.
 * @param {{ name: string, core: number, command: string, args: string[], env?: Record<string, string>, cwd?: string, channel?: boolean }} program
 *   `channel`: messages can be sent to it
 */
export function startProcess(program) {
  mkdirSync(`${WORK_FOLDER}logs`, { recursive: true })
  const logFile = `${WORK_FOLDER}logs/${program.name}.log`
  const log = openSync(logFile, 'w')
  const stdio = program.channel ? ['ignore', log, log, 'ipc'] : ['ignore', log, log]
  const child = spawn('taskset', ['-c', String(program.core), program.command, ...program.args], {
    cwd: program.cwd ?? WORK_FOLDER,
    env: { ...process.env, NODE_ENV: 'production', ...program.env },
    stdio,
  })
  running.add(child)
  child.on('error', () => running.delete(child))
  child.on('exit', () => running.delete(child))
  return { child, pid: child.pid, logFile }
}

/** Ends one program: SIGTERM, and SIGKILL when it has not gone after 5 s. */
export async function stopProcess({ child }) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
  await gone
  clearTimeout(timer)
}

export async function stopAll() {
  await Promise.all([...running].map((child) => stopProcess({ child })))
}

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

/** @returns {Promise<number>} a port of the loopback address that was free a moment ago */
export function pickPort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

function canConnect(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/**
 * Waits until the program listens; throws `Unavailable` with the end of its log when it ended or took too long.
 * @param {{ child: import('node:child_process').ChildProcess, logFile: string }} started
 * @param {number} port
 */
export async function waitForPort(started, port, seconds = 30) {
  const deadline = performance.now() + seconds * 1000
  while (performance.now() < deadline) {
    if (started.child.exitCode !== null) break
    if (await canConnect(port)) return
    await sleep(20)
  }
  const log = readFileSync(started.logFile, 'utf8').slice(-500).trim()
  throw new Unavailable(`did not listen on ${port}; its log ends: ${log || '(empty)'}`)
}

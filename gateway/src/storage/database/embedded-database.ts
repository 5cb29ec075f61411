import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { packageFile } from '../../package-file.ts'
import { AlreadyOwnedError, claimOwnership, type OwnerClaim } from '../owner-claim.ts'
import type { ExecuteWire } from './embedded-socket.ts'

const workerFile = packageFile('bin/embedded-database.js')

export interface EmbeddedDatabase {
  readonly execute: ExecuteWire
  close(): Promise<void>
}

type WorkerMessage =
  | 'ready'
  | 'closed'
  | { readonly id: number; readonly bytes: Uint8Array }
  | { readonly id: number; readonly error: string }

interface Waiting {
  readonly resolve: (answer: Uint8Array) => void
  readonly reject: (error: Error) => void
}

/**
 * Opens PostgreSQL (PGlite, WebAssembly) on `<dataDir>/database` in a worker thread. One process at a time may
 * hold a data directory; a second one is refused with an error that names the first.
 */
export async function openEmbeddedDatabase(dataDir: string): Promise<EmbeddedDatabase> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const claim = claimDirectory(dataDir)
  const worker = new Worker(workerFile, {
    workerData: { directory: join(dataDir, 'database') },
    execArgv: [],
  })
  try {
    await firstMessage(worker)
  } catch (error) {
    await worker.terminate()
    claim.release()
    throw new Error(`The embedded database in ${dataDir} could not be opened: ${messageOf(error)}`, {
      cause: error,
    })
  }
  return connectWorker(worker, claim)
}

function claimDirectory(dataDir: string): OwnerClaim {
  try {
    return claimOwnership(join(dataDir, 'database.lock'))
  } catch (error) {
    if (!(error instanceof AlreadyOwnedError)) throw error
    const holder = error.pid === null ? 'another gateway' : `another gateway (process ${error.pid})`
    throw new Error(
      `The data directory ${dataDir} is in use by ${holder}. Stop it, choose another --data-dir, or set DATABASE_URL to share one PostgreSQL.`,
      { cause: error },
    )
  }
}

function connectWorker(worker: Worker, claim: OwnerClaim): EmbeddedDatabase {
  const waiting = new Map<number, Waiting>()
  let nextId = 0
  let stopped: Error | null = null
  const stop = (error: Error): void => {
    stopped ??= error
    for (const { reject } of waiting.values()) reject(stopped)
    waiting.clear()
  }
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      stop(new Error('The embedded database has stopped'))
      claim.release()
      resolve()
    })
  })
  worker.on('error', stop)
  worker.on('message', (message: WorkerMessage) => settle(waiting, message))
  return {
    execute(batch) {
      if (stopped !== null) return Promise.reject(stopped)
      return new Promise((resolve, reject) => {
        const id = nextId++
        waiting.set(id, { resolve, reject })
        worker.postMessage({ id, bytes: batch })
      })
    },
    async close() {
      if (stopped === null) worker.postMessage('close')
      await exited
    },
  }
}

function settle(waiting: Map<number, Waiting>, message: WorkerMessage): void {
  if (typeof message === 'string') return
  const call = waiting.get(message.id)
  waiting.delete(message.id)
  if ('error' in message) call?.reject(new Error(message.error))
  else call?.resolve(message.bytes)
}

function firstMessage(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error('its worker thread ended'))
    worker.once('exit', onExit)
    worker.once('error', reject)
    worker.once('message', () => {
      worker.off('exit', onExit)
      worker.off('error', reject)
      resolve()
    })
  })
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

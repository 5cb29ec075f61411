import { write, writeSync } from 'node:fs'
import type { LogSink } from './log-writer.ts'

const retryMs = 20
/** How long the last words may wait for a reader that does not read. */
const farewellAttempts = 25

/**
 * A log sink over a file descriptor, usually 1. The writes run on the thread pool: `process.stdout` blocks the event
 * loop for as long as nobody reads the pipe behind it.
 */
export function createFileSink(descriptor: number): LogSink {
  return {
    write: (bytes, done) => writeAll(descriptor, bytes, done),
    writeNow: (bytes) => writeAllNow(descriptor, bytes),
  }
}

function writeAll(descriptor: number, bytes: Buffer, done: (error: Error | null) => void): void {
  write(descriptor, bytes, 0, bytes.length, null, (error, written) => {
    if (error?.code === 'EAGAIN') setTimeout(writeAll, retryMs, descriptor, bytes, done)
    else if (error || written === bytes.length) done(error)
    else writeAll(descriptor, bytes.subarray(written), done)
  })
}

function writeAllNow(descriptor: number, bytes: Buffer): void {
  let rest = bytes
  for (let attempt = 0; rest.length > 0 && attempt < farewellAttempts; ) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
    } catch (error) {
      if (!isBusy(error)) return
      attempt += 1
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs)
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN'
}

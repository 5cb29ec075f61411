// Worker thread that runs the embedded PostgreSQL, so that its computing never stops the event loop of the
// gateway. Plain JavaScript, because a worker is loaded by path, from the sources as well as from the build.
// In: { id, bytes } (PostgreSQL wire protocol) or 'close'. Out: 'ready', { id, bytes }, { id, error } or 'closed'.
import { setFlagsFromString } from 'node:v8'
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'

// Code is compiled a second time, for speed, where it has run so long: after thousands of statements, not at the start,
// which takes the largest functions above a hundred million.
setFlagsFromString('--wasm-tiering-budget=1000000000')

const database = await PGlite.create({
  dataDir: workerData.directory,
  extensions: { vector },
  // A quarter of PostgreSQL's default. All of them are written to at the start, and become memory of this process.
  startParams: [...PGlite.defaultStartParams, '-c', 'shared_buffers=32MB'],
})
let queue = Promise.resolve()

/** As a stream: what `execProtocolRaw` answers is parsed besides, and every message of it kept for as long as this runs. */
async function execute({ id, bytes }) {
  const parts = []
  try {
    // What is handed over lies in the memory of PostgreSQL, which overwrites it.
    await database.execProtocolRawStream(bytes, { onRawData: (part) => parts.push(part.slice()) })
    const answer = join(parts)
    parentPort.postMessage({ id, bytes: answer }, [answer.buffer])
  } catch (error) {
    parentPort.postMessage({ id, error: String(error) })
  }
}

function join(parts) {
  if (parts.length === 1) return parts[0]
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let end = 0
  for (const part of parts) {
    whole.set(part, end)
    end += part.length
  }
  return whole
}

async function close() {
  await database.close()
  parentPort.postMessage('closed')
  parentPort.close()
}

parentPort.on('message', (message) => {
  queue = queue.then(() => (message === 'close' ? close() : execute(message)))
})
parentPort.postMessage('ready')

import { connect } from 'node:net'
import { ResponseReader } from './response-reader.js'

/** One buffer for every connection: a read is handled to its end before the next one starts. */
const shared = Buffer.allocUnsafe(65_536)

/**
 * A keep-alive client connection that reads without allocating.
 * @param {number} port
 * @param {{ onBody: (bytes: Buffer, start: number, end: number) => void, onEnd: (status: number) => void, onGone: (error: Error) => void }} sink
 *   `onGone`: the other side closed, reset or sent what is not HTTP
 * @returns {Promise<{ write: (bytes: Buffer) => void, close: () => void }>}
 */
export function openConnection(port, sink) {
  return new Promise((resolve, reject) => {
    const reader = new ResponseReader(sink)
    let closing = false
    const gone = (error) => {
      if (!closing) sink.onGone(error)
      closing = true
      socket.destroy()
    }
    const read = (length, bytes) => {
      if (closing) return false
      try {
        reader.push(bytes, length)
      } catch (error) {
        gone(error)
      }
      return !closing
    }
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: shared, callback: read },
    })
    const connection = {
      write: (bytes) => socket.write(bytes),
      close: () => {
        closing = true
        socket.destroy()
      },
    }
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      socket.on('error', gone)
      socket.on('close', () => gone(new Error('connection closed by the other side')))
      resolve(connection)
    })
  })
}

/**
 * @param {number} count
 * @param {() => Promise<unknown>} open
 */
export async function openMany(count, open) {
  for (let opened = 0; opened < count; opened += 100) {
    await Promise.all(Array.from({ length: Math.min(100, count - opened) }, open))
  }
}

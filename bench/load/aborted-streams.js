import { openConnection } from './connection.js'
import { EventCounter } from './event-counter.js'
import { formatRequest } from './request-bytes.js'

/**
 * Starts `total` streams, `streams` at a time, each on its own connection, and leaves each after its
 * `leaveAfter`-th event by closing the socket.
 * @param {import('./request-bytes.js').Target & { shape: import('./request-bytes.js').RequestShape, total: number, streams: number, leaveAfter: number }} job
 */
export async function runAbortedStreams(job) {
  const bytes = formatRequest(job.shape, job)
  let started = 0
  const work = async () => {
    while (started < job.total) {
      started += 1
      await abortOne(job, bytes)
    }
  }
  await Promise.all(Array.from({ length: job.streams }, work))
  return { requests: job.total }
}

function abortOne(job, bytes) {
  return new Promise((resolve, reject) => {
    const events = new EventCounter()
    let connection
    const sink = {
      onBody(chunk, start, end) {
        events.push(chunk, start, end)
        if (events.count < job.leaveAfter) return
        connection.close()
        resolve()
      },
      onEnd: (status) => reject(new Error(`the stream ended (status ${status}) before it could be left`)),
      onGone: reject,
    }
    openConnection(job.port, sink).then((opened) => {
      connection = opened
      connection.write(bytes)
    }, reject)
  })
}

import { openConnection } from './connection.js'
import { formatRequest } from './request-bytes.js'

/**
 * One request, its whole answer.
 * @param {import('./request-bytes.js').Target & { shape: import('./request-bytes.js').RequestShape }} job
 * @returns {Promise<{ status: number, body: string }>}
 */
export function readOneAnswer(job) {
  return new Promise((resolve, reject) => {
    const pieces = []
    let connection
    const sink = {
      onBody: (bytes, start, end) => pieces.push(Buffer.from(bytes.subarray(start, end))),
      onEnd: (status) => {
        connection.close()
        resolve({ status, body: Buffer.concat(pieces).toString() })
      },
      onGone: reject,
    }
    openConnection(job.port, sink).then((opened) => {
      connection = opened
      connection.write(formatRequest(job.shape, job))
    }, reject)
  })
}

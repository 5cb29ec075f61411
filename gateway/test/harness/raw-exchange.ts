import net from 'node:net'

export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** Whether the gateway closed the connection within `waitForCloseMs` of its answer. */
  readonly closed: boolean
}

/** Sends octets as they are and reads one answer that has a Content-Length. Errors: no answer within 10 s. */
export function rawExchange(
  port: number,
  request: string | Buffer,
  { waitForCloseMs = 0 } = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1')
    const deadline = setTimeout(() => socket.destroy(new Error('no answer in time')), 10_000)
    let received = Buffer.alloc(0)
    let answer: Omit<RawAnswer, 'closed'> | null = null
    const finish = (closed: boolean): void => {
      clearTimeout(deadline)
      if (answer === null) reject(new Error(`the connection ended after ${received.length} bytes`))
      else resolve({ ...answer, closed })
      socket.destroy()
    }
    socket.once('error', (error) => (answer === null ? reject(error) : finish(true)))
    socket.once('close', () => finish(true))
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (answer !== null) return
      answer = readAnswer(received)
      if (answer !== null) setTimeout(finish, waitForCloseMs, false)
    })
    socket.write(request)
  })
}

function readAnswer(received: Buffer): Omit<RawAnswer, 'closed'> | null {
  const end = received.indexOf('\r\n\r\n')
  if (end === -1) return null
  const [statusLine = '', ...lines] = received.subarray(0, end).toString('latin1').split('\r\n')
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  const body = received.subarray(end + 4)
  if (body.length < Number(headers['content-length'] ?? 0)) return null
  return { status: Number(statusLine.split(' ')[1]), headers, text: body.toString('utf8') }
}

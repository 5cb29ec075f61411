import { once } from 'node:events'
import net from 'node:net'

// Below the range that the kernel gives to outgoing connections, so that none of those takes the port meanwhile.
const firstPort = 20_000
/** The test processes of one run take ports from ranges of their own: a port is used a moment after it was given. */
const ranges = 4
const rangeSize = 3_000

const range = firstPort + (Number(process.env['VITEST_POOL_ID'] ?? 0) % ranges) * rangeSize
/** Where in its range the process begins: another run may be under way. */
let given = Math.floor(Math.random() * rangeSize)

/** A port of 127.0.0.1 that nobody listens on, and that nobody here was given before. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = range + (given++ % rangeSize)
    if (await isFree(port)) return port
  }
  throw new Error('found no free port')
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}

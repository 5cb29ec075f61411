import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ServerConfig } from '../config/config.ts'

/** The gateway cannot run; the text is for the operator and the exit code is 1. */
export class StartFailure extends Error {}

/** Listens and returns the port in use. Errors: StartFailure with a text that says how to go on. */
export function listen(server: Server, { host, port }: ServerConfig): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, host, port)))
    server.listen({ host, port, backlog: 4096 }, () => resolve((server.address() as AddressInfo).port))
  })
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE') {
    return new StartFailure(
      `port ${port} on ${host} is already in use; stop the other program or choose another with --port`,
    )
  }
  if (error.code === 'EACCES')
    return new StartFailure(`port ${port} needs more rights; choose one above 1023 with --port`)
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return new StartFailure(`${host} is not an address of this machine; choose another with --host`)
  return error
}

import type { ServerConfig } from '../config/config.ts'
import type { HttpServer } from '../http/server/http-server.ts'

/** The gateway cannot run; the text is for the operator and the exit code is 1. */
export class StartFailure extends Error {}

/** Listens and returns the port in use. Errors: StartFailure with a text that says how to go on. */
export async function listen(server: HttpServer, { host, port }: ServerConfig): Promise<number> {
  try {
    return await server.listen({ host, port, backlog: 4096 })
  } catch (error) {
    throw explain(error as NodeJS.ErrnoException, host, port)
  }
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

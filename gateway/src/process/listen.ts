import type { ServerConfig } from '../config/config.ts'
import type { HttpServer } from '../http/server/http-server.ts'
import type { ServingProcess } from './serve.ts'

/** The gateway cannot run; the text is for the operator and the exit code is 1. */
export class StartFailure extends Error {}

/** Listens and returns the port of the gateway. Errors: StartFailure with a text that says how to go on. */
export async function listen(
  { server, health }: Pick<ServingProcess, 'server' | 'health'>,
  { host, port, healthPort }: ServerConfig,
): Promise<number> {
  const found = await listenAt(server, host, port, '--port')
  if (health !== null && healthPort !== null) await listenAt(health, host, healthPort, 'SEPARATE_HEALTH_PORT')
  return found
}

async function listenAt(server: HttpServer, host: string, port: number, setting: string): Promise<number> {
  try {
    return await server.listen({ host, port, backlog: 4096 })
  } catch (error) {
    throw explain(error as NodeJS.ErrnoException, host, port, setting)
  }
}

function explain(error: NodeJS.ErrnoException, host: string, port: number, setting: string): Error {
  if (error.code === 'EADDRINUSE') {
    return new StartFailure(
      `port ${port} on ${host} is already in use; stop the other program or choose another with ${setting}`,
    )
  }
  if (error.code === 'EACCES')
    return new StartFailure(`port ${port} needs more rights; choose one above 1023 with ${setting}`)
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return new StartFailure(`${host} is not an address of this machine; choose another with --host`)
  return error
}

import type { GatewayConfig } from '../config/config.ts'
import type { Dispatcher } from '../http/dispatch.ts'
import { InProcessExchange } from '../http/in-process-exchange.ts'
import type { AskOwnRoute } from '../plugins/plugin-planes.ts'

/** The gateway's own routes for those who live in its process: asked without a connection, as an admin. */
export class OwnRoutes {
  readonly #key: string | null
  #dispatcher: Dispatcher | null = null

  constructor({ masterKey, adminKeys }: GatewayConfig['identity']) {
    this.#key = masterKey ?? adminKeys[0] ?? null
  }

  /** From now on these are asked. */
  serve(dispatcher: Dispatcher): void {
    this.#dispatcher = dispatcher
  }

  readonly ask: AskOwnRoute = async ({ method, path, body, requestId }) => {
    if (this.#dispatcher === null) throw new Error('the gateway is still being put together')
    if (this.#key === null) throw new Error('no key of an admin is configured, so nobody may ask that')
    const headers = ['authorization', `Bearer ${this.#key}`, 'x-request-id', requestId]
    const bytes = Buffer.from(JSON.stringify(body))
    const exchange = new InProcessExchange(path, bytes, headers, method)
    const { status, body: answer } = await this.#dispatcher.ask(exchange)
    return { status, body: JSON.parse(answer.toString('utf8')) as unknown }
  }
}

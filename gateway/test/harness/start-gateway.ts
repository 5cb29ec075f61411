import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { preparedDataDirectory, removeDirectory } from './data-directory.ts'
import { freePort } from './free-port.ts'
import { type Exit, type Product, runProduct } from './run-product.ts'
import { waitUntil } from './wait-until.ts'

/** A first start beside other tests. */
const startBudgetMs = 60_000

export const masterKey = 'sk-master-of-the-tests-0123456789'

export interface GatewayOptions {
  /** The configuration file's content: YAML text, or an object. */
  readonly config: object | string
  readonly env?: Readonly<Record<string, string>>
  /** More arguments of `start`. */
  readonly flags?: readonly string[]
  readonly workers?: number
}

export interface IssuedKey {
  readonly key: string
  readonly token: string
  readonly [member: string]: unknown
}

/** A gateway that runs in its own process on 127.0.0.1. */
export interface Gateway {
  /** Without a trailing slash and without `/v1`. */
  readonly url: string
  readonly port: number
  readonly masterKey: string
  readonly dataDir: string
  readonly configFile: string
  readonly pid: number
  /** Everything written since the first start, restarts included. */
  stdout(): string
  stderr(): string
  createKey(body?: object): Promise<IssuedKey>
  /** Replaces the configuration file; the gateway reads it when told (`reload`, `restart`) or when it watches. */
  writeConfig(config: object | string): void
  /** Replaces the configuration file, sends SIGHUP and resolves once the gateway has taken or refused it. */
  reload(config: object | string): Promise<void>
  /** Ends the process with `signal` (SIGTERM unless told) and starts it again: same port, same data. */
  restart(signal?: NodeJS.Signals): Promise<void>
  /** Sends a signal; `exited` tells when it has worked. */
  kill(signal: NodeJS.Signals): void
  exited(): Promise<Exit>
  /** Ends the process and removes its data. */
  stop(): Promise<Exit>
}

/** Starts the built product with a data directory of its own and resolves once it says that it is ready. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const dataDir = await preparedDataDirectory()
  const gateway = new ProductGateway(options, dataDir, await freePort())
  try {
    await gateway.start()
  } catch (error) {
    await gateway.stop()
    throw error
  }
  return gateway
}

class ProductGateway implements Gateway {
  readonly url: string
  readonly port: number
  readonly masterKey = masterKey
  readonly dataDir: string
  readonly configFile: string
  readonly #options: GatewayOptions
  readonly #products: Product[] = []

  constructor(options: GatewayOptions, dataDir: string, port: number) {
    this.#options = options
    this.dataDir = dataDir
    this.port = port
    this.url = `http://127.0.0.1:${port}`
    this.configFile = join(dataDir, 'config.yaml')
    this.writeConfig(options.config)
  }

  get pid(): number {
    return this.#current.child.pid ?? 0
  }

  get #current(): Product {
    const product = this.#products.at(-1)
    if (product === undefined) throw new Error('the gateway was not started')
    return product
  }

  stdout(): string {
    return this.#products.map((product) => product.stdout()).join('')
  }

  stderr(): string {
    return this.#products.map((product) => product.stderr()).join('')
  }

  async start(): Promise<void> {
    const { env = {}, flags = [], workers } = this.#options
    const argv = ['start', '--config', this.configFile, '--host', '127.0.0.1', '--port', String(this.port)]
    argv.push('--data-dir', this.dataDir, ...flags)
    if (workers !== undefined) argv.push('--workers', String(workers))
    const product = runProduct(argv, { LITELLM_MASTER_KEY: masterKey, ...env }, this.dataDir)
    this.#products.push(product)
    let exit: Exit | null = null
    void product.exited.then((reason) => {
      exit = reason
    })
    await waitUntil(
      'the gateway is ready',
      async () => {
        if (exit !== null)
          throw new Error(
            `the gateway ended (${exit.code ?? exit.signal}):\n${product.stderr()}${product.stdout()}`,
          )
        return product.announced() && (await this.#isReady())
      },
      startBudgetMs,
    )
  }

  async createKey(body: object = {}): Promise<IssuedKey> {
    const answer = await fetch(`${this.url}/key/generate`, {
      method: 'POST',
      headers: { authorization: `Bearer ${masterKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`/key/generate answered ${answer.status}: ${await answer.text()}`)
    return (await answer.json()) as IssuedKey
  }

  writeConfig(config: object | string): void {
    writeFileSync(this.configFile, typeof config === 'string' ? config : JSON.stringify(config, null, 2))
  }

  async reload(config: object | string): Promise<void> {
    const before = await this.#lastReload()
    this.writeConfig(config)
    // The time of a reload is told in milliseconds, and two within one could not be told apart.
    await sleep(2)
    this.kill('SIGHUP')
    await waitUntil('the configuration was read again', async () => (await this.#lastReload()) !== before)
  }

  async restart(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.end(signal)
    await this.start()
  }

  kill(signal: NodeJS.Signals): void {
    this.#current.child.kill(signal)
  }

  exited(): Promise<Exit> {
    return this.#current.exited
  }

  async end(signal: NodeJS.Signals): Promise<Exit> {
    const { child, exited } = this.#current
    child.kill(signal)
    const deadline = setTimeout(() => child.kill('SIGKILL'), 30_000)
    const exit = await exited
    clearTimeout(deadline)
    return exit
  }

  async stop(): Promise<Exit> {
    const exit = await this.end('SIGTERM')
    await removeDirectory(this.dataDir)
    return exit
  }

  async #isReady(): Promise<boolean> {
    try {
      const answer = await fetch(`${this.url}/_health/ready`)
      await answer.arrayBuffer()
      return answer.status === 200
    } catch {
      return false
    }
  }

  async #lastReload(): Promise<unknown> {
    const answer = await fetch(`${this.url}/config/status`, {
      headers: { authorization: `Bearer ${masterKey}` },
    })
    const status = (await answer.json()) as Record<string, unknown>
    return JSON.stringify(status)
  }
}

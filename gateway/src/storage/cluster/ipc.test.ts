import { fork } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GatewayError } from '@routeiq/contract'
import { describe, expect, it } from 'vitest'
import type { KeyStore } from '../key-store.ts'
import { pairPorts } from '../testing/paired-ports.ts'
import { connectOverIpc } from './connect-over-ipc.ts'
import { exposeOverIpc } from './expose-over-ipc.ts'
import { portOfPrimary } from './ipc-port.ts'

interface Sums {
  add(left: bigint, right: bigint): Promise<bigint>
  fail(): Promise<never>
  hang(): Promise<never>
}

const sums: Sums = {
  async add(left, right) {
    return left + right
  },
  async fail() {
    throw new GatewayError('conflict', 'taken', { param: 'key_alias', cause: { socket() {} } })
  },
  hang: () => new Promise(() => {}),
}

describe('a call over IPC', () => {
  const connect = (timeoutMs?: number): Sums => {
    const [outer, inner] = pairPorts()
    exposeOverIpc(outer, 'sums', sums)
    return connectOverIpc<Sums>(inner, 'sums', timeoutMs)
  }

  it('answers each of many concurrent calls with its own result', async () => {
    const remote = connect()
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => remote.add(BigInt(n), 2n ** 60n)))
    expect(answers).toEqual(Array.from({ length: 50 }, (_, n) => BigInt(n) + 2n ** 60n))
  })

  it('throws what was thrown on the other side, without its cause', async () => {
    const error = await connect()
      .fail()
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject({ code: 'conflict', message: 'taken', options: { param: 'key_alias' } })
    expect((error as GatewayError).cause).toBeUndefined()
  })

  it('fails in time when no answer comes, or nobody is there', async () => {
    await expect(connect(10).hang()).rejects.toMatchObject({ code: 'storage_unavailable' })
    const [, inner] = pairPorts()
    await expect(connectOverIpc<Sums>(inner, 'sums', 10).add(1n, 2n)).rejects.toMatchObject({
      code: 'storage_unavailable',
    })
  })

  it('refuses a method the target does not have', async () => {
    const remote = connect() as unknown as Record<string, () => Promise<unknown>>
    await expect(remote['missing']?.()).rejects.toThrow('sums has no method missing')
  })

  it('keeps targets apart and ends when told to', async () => {
    const [outer, inner] = pairPorts()
    const stop = exposeOverIpc(outer, 'sums', sums)
    exposeOverIpc(outer, 'products', { ...sums, add: async (left: bigint, right: bigint) => left * right })
    expect(await connectOverIpc<Sums>(inner, 'sums').add(3n, 4n)).toBe(7n)
    expect(await connectOverIpc<Sums>(inner, 'products').add(3n, 4n)).toBe(12n)
    stop()
    await expect(connectOverIpc<Sums>(inner, 'sums', 10).add(3n, 4n)).rejects.toMatchObject({
      code: 'storage_unavailable',
    })
  })

  it('can be handed around by async code, and its types hold a key store', async () => {
    const remote = await Promise.resolve(connectOverIpc<KeyStore>(pairPorts()[0], 'keys', 10))
    await expect(remote.findByHash('x')).rejects.toMatchObject({ code: 'storage_unavailable' })
  })

  it('works between processes, and a lost channel does not throw', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'routeiq-ipc-'))
    const program = join(directory, 'worker.mjs')
    writeFileSync(program, workerProgram)
    const child = fork(program, { serialization: 'advanced', execArgv: [] })
    const port = portOfPrimary(child as unknown as NodeJS.Process)
    exposeOverIpc(port, 'sums', sums)
    const told = await new Promise((resolve) =>
      child.on('message', (message) => (Array.isArray(message) ? resolve(message) : undefined)),
    )
    expect(told).toEqual([2n ** 64n, 'conflict'])
    await new Promise((resolve) => child.once('exit', resolve))
    expect(() => port.send({})).not.toThrow()
    rmSync(directory, { recursive: true })
  })
})

const dist = fileURLToPath(new URL('../../../dist/storage/cluster', import.meta.url))
const workerProgram = `
import { connectOverIpc } from ${JSON.stringify(`${dist}/connect-over-ipc.js`)}
import { portOfPrimary } from ${JSON.stringify(`${dist}/ipc-port.js`)}
const sums = connectOverIpc(portOfPrimary(process), 'sums')
const sum = await sums.add(2n ** 63n, 2n ** 63n)
const code = await sums.fail().catch((error) => error.code)
process.send([sum, code], () => process.disconnect())
`

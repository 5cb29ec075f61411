import { expect, it } from 'vitest'
import type { McpServer } from '../server.ts'
import { type ProgramEvent, Programs } from './programs.ts'

const limits = { memoryMb: null, cpuSeconds: null, openFiles: null, processes: null, fileMb: null }
const identity = { key: 'own', headers: {} }

function start(script: string) {
  const clock = { now: 0 }
  const events: ProgramEvent[] = []
  const programs = new Programs({
    host: { uid: 1000, prlimit: null },
    onStderr: () => {},
    onEvent: (_, event) => events.push(event),
    isAllowed: () => true,
    now: () => clock.now,
  })
  const server = {
    settings: {
      ...{ serverId: 'program', alias: null, name: 'program', cwd: null, env: {}, extraHeaders: [] },
      ...{ command: process.execPath, args: ['-e', script], runsAs: null, limits },
    },
  } as unknown as McpServer
  const run = async (): Promise<void> => {
    const transport = programs.open(server, identity)
    const closed = new Promise<void>((resolve) => {
      transport.onclose = resolve
    })
    await transport.start()
    await closed
  }
  return { clock, events, programs, server, run }
}

it('starts a program that keeps ending of itself less and less often', async () => {
  const { clock, events, run } = start('process.exit(3)')
  await run()
  await run()
  for (const delay of [1_000, 2_000, 4_000, 8_000]) {
    clock.now += delay - 1
    await expect(run()).rejects.toThrow(/ended of itself/)
    clock.now += 1
    await run()
  }
  clock.now = 299_999
  await expect(run()).rejects.toThrow('program ended of itself, 6 times in 5 minutes.')
  clock.now = 300_000
  await run()
  expect(events.filter(({ kind }) => kind === 'start')).toHaveLength(7)
  expect(events.find(({ kind }) => kind === 'exit')).toEqual({
    ...{ kind: 'exit', exit: { isWanted: false, reason: 'code 3' } },
  })
})

it('tells the same refusal once', async () => {
  const { events, run } = start('process.exit(3)')
  await run()
  await run()
  for (let n = 0; n < 3; n += 1) await expect(run()).rejects.toThrow()
  expect(events.filter(({ kind }) => kind === 'refuse')).toHaveLength(1)
})

it('does not hold it against a program that the gateway ended it', async () => {
  const { events, programs, server } = start('process.stdin.resume()')
  for (let n = 0; n < 3; n += 1) {
    const transport = programs.open(server, identity)
    await transport.start()
    await transport.close()
  }
  expect(events.filter(({ kind }) => kind === 'start')).toHaveLength(3)
  expect(events.filter((event) => event.kind === 'exit' && event.exit.isWanted)).toHaveLength(3)
})

import { expect, it, vi } from 'vitest'
import { createCachedResolve } from './cached-resolve.ts'
import type { Resolve } from './host-judge.ts'

const settings = { timeoutMs: 60_000, cacheTtlMs: 60_000, cacheSize: 2 }
const answer: Resolve = (_name, _options, callback) => callback(null, [{ address: '192.0.2.1', family: 4 }])
const ask = (resolve: Resolve, name: string): Promise<string | undefined> =>
  new Promise((done) => resolve(name, { all: true }, (error) => done(error?.code)))

it('answers again what it knows, until its time is over', async () => {
  let now = 0
  const system = vi.fn(answer)
  const resolve = createCachedResolve(system, settings, () => now)
  for (let round = 0; round < 3; round++) expect(await ask(resolve, 'a.test')).toBeUndefined()
  expect(system).toHaveBeenCalledTimes(1)
  now = settings.cacheTtlMs
  await ask(resolve, 'a.test')
  expect(system).toHaveBeenCalledTimes(2)
})

it('forgets the oldest of too many names, and never keeps what failed', async () => {
  const system = vi.fn<Resolve>((name, options, callback) =>
    name === 'gone.test'
      ? callback(Object.assign(new Error('gone'), { code: 'ENOTFOUND' }), [])
      : answer(name, options, callback),
  )
  const resolve = createCachedResolve(system, settings, () => 0)
  for (const name of ['a.test', 'b.test', 'c.test', 'b.test', 'a.test']) await ask(resolve, name)
  expect(system.mock.calls.map(([name]) => name)).toEqual(['a.test', 'b.test', 'c.test', 'a.test'])
  for (let round = 0; round < 2; round++) expect(await ask(resolve, 'gone.test')).toBe('ENOTFOUND')
  expect(system).toHaveBeenCalledTimes(6)
})

it('gives up on a name that does not resolve in time', async () => {
  const resolve = createCachedResolve(
    () => {},
    { ...settings, timeoutMs: 5 },
    () => 0,
  )
  expect(await ask(resolve, 'slow.test')).toBe('ETIMEOUT')
})

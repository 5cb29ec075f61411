import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Patience } from './patience.ts'

const never = new Promise<string>(() => {})

it('gives the answer that comes in time, and its failure', async () => {
  const patience = new Patience(50)
  expect(await patience.await(sleep(1, 'here'))).toBe('here')
  await expect(patience.await(Promise.reject(new Error('broken')))).rejects.toThrow('broken')
})

it('gives up on the others', async () => {
  const patience = new Patience(20)
  const all = await Promise.allSettled([
    patience.await(never),
    patience.await(sleep(1, 'x')),
    patience.await(never),
  ])
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected'])
  await expect(patience.await(never)).rejects.toThrow('no answer in time')
})

it('does not blame a service for a pause of its own process', async () => {
  const patience = new Patience(20)
  const answer = patience.await(sleep(5, 'here'))
  const until = performance.now() + 80
  while (performance.now() < until);
  expect(await answer).toBe('here')
})

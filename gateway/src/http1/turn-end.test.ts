import { expect, it } from 'vitest'
import { atTurnEnd, turnEnd } from './turn-end.ts'

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('runs tasks in order, behind everything of their own turn', async () => {
  const log: string[] = []
  for (const name of ['a', 'b']) atTurnEnd({ runAtTurnEnd: () => log.push(name) })
  log.push('turn')
  await Promise.resolve().then(() => log.push('microtask'))
  await nextTurn()
  expect(log).toEqual(['turn', 'microtask', 'a', 'b'])
})

it('leaves what a task asks for to the next turn', async () => {
  const log: string[] = []
  atTurnEnd({
    runAtTurnEnd: () => {
      atTurnEnd({ runAtTurnEnd: () => log.push('second') })
      log.push('first')
    },
  })
  await nextTurn()
  expect(log).toEqual(['first'])
  await nextTurn()
  expect(log).toEqual(['first', 'second'])
})

it('lets no more than 64 wait, and runs each once, in order', async () => {
  const log: number[] = []
  for (let task = 0; task < 64; task += 1) atTurnEnd({ runAtTurnEnd: () => log.push(task) })
  expect(log).toEqual([])
  await Promise.resolve()
  expect(log).toHaveLength(64)
  for (let task = 64; task < 130; task += 1) atTurnEnd({ runAtTurnEnd: () => log.push(task) })
  await nextTurn()
  expect(log).toEqual(Array.from({ length: 130 }, (_, task) => task))
})

it('tells when all tasks of the turn have run', async () => {
  const log: string[] = []
  const told = [turnEnd(), turnEnd()].map((end) => end.then(() => log.push('told')))
  for (const name of ['a', 'b']) atTurnEnd({ runAtTurnEnd: () => log.push(name) })
  await Promise.all(told)
  expect(log).toEqual(['a', 'b', 'told', 'told'])
})

it('tells those who ask in a task when the next turn ends', async () => {
  const log: string[] = []
  const asked = new Promise<void>((resolve) => {
    atTurnEnd({
      runAtTurnEnd: () => {
        atTurnEnd({ runAtTurnEnd: () => log.push('second') })
        void turnEnd().then(() => resolve())
      },
    })
  })
  await asked
  expect(log).toEqual(['second'])
})

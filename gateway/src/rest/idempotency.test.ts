import { describe, expect, it } from 'vitest'
import { InProcessState } from '../storage/shared-state/in-process-state.ts'
import { IdempotentAnswers } from './idempotency.ts'

function counting() {
  let calls = 0
  return async (): Promise<object> => {
    calls += 1
    return { calls }
  }
}

describe('IdempotentAnswers', () => {
  it('answers a key once for ten minutes, on every replica, and scopes apart', async () => {
    let now = 0
    const state = new InProcessState(() => now)
    const [here, there] = [new IdempotentAnswers(state), new IdempotentAnswers(state)]
    const answer = counting()
    expect(await here.run('sync:acme', 'k', answer)).toEqual({ calls: 1 })
    expect(await there.run('sync:acme', 'k', answer)).toEqual({ calls: 1 })
    expect(await here.run('sync:globex', 'k', answer)).toEqual({ calls: 2 })
    now = 600_001
    expect(await here.run('sync:acme', 'k', answer)).toEqual({ calls: 3 })
  })

  it('lets a second request wait for the first', async () => {
    const answers = new IdempotentAnswers(new InProcessState(Date.now))
    const answer = counting()
    const both = await Promise.all([answers.run('s', 'k', answer), answers.run('s', 'k', answer)])
    expect(both).toEqual([{ calls: 1 }, { calls: 1 }])
  })

  it('remembers no failure, and nothing without a usable key', async () => {
    const answers = new IdempotentAnswers(new InProcessState(Date.now))
    await expect(answers.run('s', 'k', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    const answer = counting()
    expect(await answers.run('s', 'k', answer)).toEqual({ calls: 1 })
    for (const key of [null, '', 'x'.repeat(256)]) await answers.run('s', key, answer)
    expect(await answer()).toEqual({ calls: 5 })
  })

  it('gives an answer that is too large to remember anew', async () => {
    const answers = new IdempotentAnswers(new InProcessState(Date.now))
    const answer = counting()
    const large = async () => ({ ...(await answer()), text: 'x'.repeat(1_048_577) })
    await answers.run('s', 'k', large)
    expect(await answers.run('s', 'k', large)).toMatchObject({ calls: 2 })
  })
})

import { GatewayError } from '@routeiq/contract'
import { expect, it } from 'vitest'
import { CodeRuns, type RunCode } from './code-runs.ts'

const call = JSON.stringify({ code: 'print(1)', language: 'python' })
const ok = { status: 'ok', exitCode: 0, output: '1' } as const

/** Programs that take so long each, milliseconds, and what they were given. */
function slow(durationMs: number) {
  let now = 0
  const given: number[] = []
  const run: RunCode = ({ timeoutMs }) => {
    given.push(timeoutMs)
    now += durationMs
    return Promise.resolve(ok)
  }
  return { runs: new CodeRuns(run, () => now), given }
}

it('gives a program the time that the others have left', async () => {
  const { runs, given } = slow(50_000)
  for (let count = 0; count < 3; count += 1) expect(await runs.run(call)).toBe('Exit code: 0\n\n1')
  expect(await runs.run(call)).toContain('no room for more programs')
  expect(given).toEqual([120_000, 70_000, 20_000])
})

it('runs ten programs, and counts none that cannot be read', async () => {
  const { runs, given } = slow(1)
  for (const broken of ['', '{', '{"code":1}', '{"code":"x","language":"perl"}'])
    expect(await runs.run(broken)).toMatch(/^Nothing was run: "/)
  for (let count = 0; count < 12; count += 1) await runs.run(call)
  expect(given).toHaveLength(10)
  expect(runs.tokens).toBeGreaterThan(0)
})

it.each([
  [new GatewayError('skill_busy', 'Too many skills run at once; try again.'), 'Too many skills run at once'],
  [new Error('spawn unshare ENOENT /secret'), 'the program could not be started'],
])('tells the model why nothing was run: %s', async (error, expected) => {
  const text = await new CodeRuns(
    () => Promise.reject(error),
    () => 0,
  ).run(call)
  expect(text).toContain(expected)
  expect(text).not.toContain('secret')
})

it.each([
  [{ status: 'timeout', exitCode: null, output: 'half' }, 'It took too long and was ended.\n\nhalf'],
  [{ status: 'died', exitCode: null, output: '' }, 'It ended without an exit code.\n(no output)'],
] as const)('tells how a program ended: %s', async (outcome, expected) => {
  const runs = new CodeRuns(
    () => Promise.resolve(outcome),
    () => 0,
  )
  expect(await runs.run(call)).toBe(expected)
})

it('ends what runs when nobody waits any more', async () => {
  let stopped = false
  const runs = new CodeRuns(
    ({ signal }) => {
      signal.addEventListener('abort', () => {
        stopped = true
      })
      return Promise.resolve(ok)
    },
    () => 0,
  )
  await runs.run(call)
  runs.stop()
  expect(stopped).toBe(true)
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { billColumns } from '../../pricing/bill-columns.ts'
import { sampleSpendRow } from '../testing/sample-spend-row.ts'
import { readRequestId } from './for-test.ts'
import { SpendIngester } from './spend-ingester.ts'

const built = fileURLToPath(new URL('../../../dist/storage/ledger/spend-journal.js', import.meta.url))

/** Appends one row a turn and tells of each once it has been settled for longer than writing may be put off. */
const appendUntilKilled = `
import { writeSync } from 'node:fs'
const { SpendJournal } = await import(${JSON.stringify(built)})
const journal = new SpendJournal({ directory: process.argv[1], raiseAlarm() {}, now: Date.now })
const row = ${JSON.stringify({ ...sampleSpendRow(), ...billColumns(null, null) })}
for (let n = 0; ; n++) {
  journal.append({ ...row, requestId: 'row-' + n })
  setTimeout(() => setImmediate(() => writeSync(1, n + '\\n')), 5)
  await new Promise((resolve) => setImmediate(resolve))
}`

describe('a process killed while it spends', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'routeiq-crash-'))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  it('loses no row it has told of, and each is found exactly once', async () => {
    const told = await runAndKill(directory, 2_000)
    const found: string[] = []
    const ingester = new SpendIngester({
      directory,
      insert: async ({ text }) => void found.push(...text.toString().split('\n').map(readRequestId)),
      raiseAlarm: (alarm) => expect.unreachable(alarm.message),
      now: () => performance.now(),
    })
    expect(await ingester.flush(10_000)).toBe(true)
    expect(told).toBeGreaterThanOrEqual(2_000)
    expect(new Set(found).size).toBe(found.length)
    const everyTold = Array.from({ length: told }, (_, n) => `row-${n}`)
    expect(everyTold.filter((id) => !found.includes(id))).toEqual([])
    ingester.start()
    await ingester.stop()
    expect(readdirSync(directory)).toEqual([])
  })
})

/** How many rows the child told of before it was killed. */
async function runAndKill(directory: string, rows: number): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', appendUntilKilled, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
    if (text.length > rows * 5) child.kill('SIGKILL')
  })
  await once(child, 'close')
  return text.split('\n').length - 1
}

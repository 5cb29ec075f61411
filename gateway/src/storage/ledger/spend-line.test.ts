import { describe, expect, it } from 'vitest'
import { sampleSpendRow } from '../testing/sample-spend-row.ts'
import { formatSpendLine } from './for-test.ts'
import { cleanSpendLine, isSpendLine, SpendLineWriter } from './spend-line.ts'

describe('spend lines', () => {
  it.each([
    ['a full row', sampleSpendRow()],
    ['a failed row', sampleSpendRow({ usage: null, costNanoUsd: null, firstTokenAt: null })],
    ['awkward text', sampleSpendRow({ endUser: 'line\nfeed "quote" \\ \0 👍 \u2028', tags: ['', ',', ']'] })],
  ])('are one line each for %s', (_name, row) => {
    const line = formatSpendLine(row)
    expect(line).not.toContain('\n')
    expect(isSpendLine(line)).toBe(true)
  })

  it('are what the array of their members is as JSON', () => {
    const row = sampleSpendRow({
      sessionId: 'a "session"',
      clientIpHash: 'é',
      workspaceId: 'lab',
      marginNanoUsd: -1n,
    })
    const { usage } = row
    const members = JSON.parse(formatSpendLine(row))
    const columns = [row.requestId, row.attempt, row.callType, row.dialect]
    const caller = [row.keyHash, row.userId, row.teamId, row.organizationId, row.endUser, row.tags]
    const target = [row.deploymentId, row.provider, row.upstreamModel, row.apiBase, row.status, row.errorCode]
    expect(members).toEqual([
      ...[3, ...columns, row.startedAt, row.firstTokenAt, row.endedAt, ...caller],
      ...[row.requestedModel, row.modelGroup, ...target],
      [120, 34, 5, 6, 1, 7, 8, 9, 2],
      ...[row.estimated, '123456', row.cacheHit, row.strategy, row.retries, row.fallbacks],
      ...[row.sessionId, row.clientIpHash, '130000', '13000', '-1', usage?.serviceTier, 'lab'],
    ])
  })

  it('have their own names, however many rows there were before', () => {
    const lines = new SpendLineWriter()
    const rows = Array.from({ length: 40_000 }, (_, at) =>
      sampleSpendRow({
        requestedModel: `model-${at}`,
        deploymentId: at % 3 === 0 ? null : `deployment-${at % 20_000}`,
        provider: `provider-${at}`,
        keyHash: at % 2 === 0 ? null : 'key',
        costNanoUsd: BigInt(at) ** 5n,
      }),
    )
    for (const row of rows) {
      lines.clear()
      lines.write(row)
      const members = JSON.parse(lines.written.toString())
      expect([members[14], members[16], members[17], members[8], members[24]]).toEqual([
        row.requestedModel,
        row.deploymentId,
        row.provider,
        row.keyHash,
        String(row.costNanoUsd),
      ])
    }
  })

  it('hold whole milliseconds', () => {
    const row = sampleSpendRow({ startedAt: 1_000.9, firstTokenAt: 1_001.5, endedAt: 1_002.1 })
    expect(JSON.parse(formatSpendLine(row)).slice(5, 8)).toEqual([1_000, 1_001, 1_002])
  })

  it.each([
    ['nul\0', 'nul\uFFFD'],
    ['alone \ud800 and \udfff', 'alone \uFFFD and \uFFFD'],
    ['a pair 👍, a bell \u0007, a feed \n', 'a pair 👍, a bell \u0007, a feed \n'],
    ['text \\u0000 and \\\\ud800', 'text \\u0000 and \\\\ud800'],
    ['\\\0', '\\\uFFFD'],
  ])('carry %j as %j', (text, carried) => {
    const line = formatSpendLine(sampleSpendRow({ endUser: text, tags: [text] }))
    const members = JSON.parse(line)
    expect([members[12], members[13]]).toEqual([carried, [carried]])
    expect(cleanSpendLine(line)).toBe(line)
  })

  it('are nothing when cut anywhere', () => {
    const line = formatSpendLine(sampleSpendRow())
    for (let length = 0; length < line.length; length++)
      expect(isSpendLine(line.slice(0, length))).toBe(false)
  })

  it('may be of the version before', () => {
    const members = JSON.parse(formatSpendLine(sampleSpendRow())) as unknown[]
    const older = [1, ...members.slice(1, 31)]
    expect(isSpendLine(JSON.stringify(older))).toBe(true)
    expect(isSpendLine(JSON.stringify([2, ...older.slice(1)]))).toBe(false)
  })

  it.each(['{}', 'null', '[]', '[1]', '[2,"a"]', '[1,2,3', '\0\0\0'])(
    'are nothing when they read %s',
    (line) => expect(isSpendLine(line)).toBe(false),
  )
})

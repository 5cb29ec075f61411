import { describe, expect, it } from 'vitest'
import { resultDocumentSchema, selectImported } from './import-document.ts'

const arm = { passed: true, task_attempted: true, errored: false }
const document = {
  format: 'skillevaluation/test-run-result@v1',
  verdict: 'pass',
  skill: { name: 'refund-policy' },
  cases: [
    {
      case_name: 'refund',
      outcome: 'flip_to_pass',
      with_skill: { ...arm, total_tokens: 3 },
      without_skill: arm,
    },
    { case_name: 'gone', outcome: 'error', error: 'no' },
  ],
}

describe('a result document', () => {
  it('gives its cases, and the names of those the suite does not have', () => {
    const parsed = resultDocumentSchema.parse(document)
    const { records, skipped } = selectImported(parsed, new Set(['refund']))
    expect(skipped).toEqual(['gone'])
    expect(records).toMatchObject([{ case_name: 'refund', with_skill: { total_tokens: 3, turns: 0 } }])
    expect(selectImported(parsed, null).records).toHaveLength(2)
  })

  it.each([
    [{ ...document, format: 'other@v1' }],
    [{ ...document, cases: [] }],
    [{ ...document, cases: undefined }],
    [{ ...document, cases: [{ case_name: 'a', outcome: 'won' }] }],
    [{ ...document, cases: [{ case_name: 'a', outcome: 'error', with_skill: { passed: 'yes' } }] }],
    [{ ...document, runs: 0 }],
  ])('is refused when it is malformed: %#', (broken) => {
    expect(resultDocumentSchema.safeParse(broken).success).toBe(false)
  })
})

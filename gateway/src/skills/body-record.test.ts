import { describe, expect, it } from 'vitest'
import { formatBodyRecord } from './body-record.ts'

const source = {
  ...{
    skillId: 'id',
    name: 'pdf',
    description: 'Forms.',
    versionId: 'v',
    versionNumber: 2,
    contentHash: 'h',
  },
  body: 'Grüße 👋👋 an alle',
  attachments: [{ filePath: 'scripts/a.py', directory: 'scripts', sizeBytes: 3 }],
}

describe('formatBodyRecord', () => {
  it('has every member, whole', () => {
    const whole = {
      ...{
        body: source.body,
        name: 'pdf',
        description: 'Forms.',
        skill_id: 'id',
        version_id: 'v',
        version: 2,
      },
      ...{ content_hash: 'h', truncated: false, total_chars: 16, content_hash_matches_body: true },
      attachments: [{ file_path: 'scripts/a.py', directory: 'scripts', size_bytes: 3 }],
    }
    for (const maxChars of [null, 16, 17, 1_000]) expect(formatBodyRecord(source, maxChars)).toEqual(whole)
  })

  it('is cut between characters, and says so', () => {
    expect(formatBodyRecord(source, 7)).toMatchObject({
      body: 'Grüße 👋\n\n[... truncated 9 of 16 chars — request without max_chars for the full body]',
      content_hash: 'h',
      truncated: true,
      total_chars: 16,
      content_hash_matches_body: false,
    })
    expect(formatBodyRecord(source, 15)).toMatchObject({ truncated: true })
  })
})

import { expect, it } from 'vitest'
import { FeedbackSource } from './feedback-source.ts'

it('gathers texts by skill, in their order', async () => {
  const asked: unknown[] = []
  const source = new FeedbackSource({
    listFeedback: async (workspaceId, perSkill) => {
      asked.push([workspaceId, perSkill])
      return [
        ['pdf', 'newer'],
        ['xls', 'other'],
        ['pdf', 'older'],
      ]
    },
  })
  expect(await source.feedback('w')).toEqual(
    new Map([
      ['pdf', ['newer', 'older']],
      ['xls', ['other']],
    ]),
  )
  expect(asked).toEqual([['w', 32]])
})

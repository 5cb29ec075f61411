import { expect, it } from 'vitest'
import { formatItemId, locateItem } from './response-item-id.ts'

const responseId = 'resp_0123456789abcdef0123456789abcdef'

it('an item is found by its id', () => {
  for (const index of [0, 31, 4095])
    expect(locateItem(formatItemId(responseId, 'fc', index))).toEqual({ responseId, index })
})

it.each(['msg_upstream', 'fc_0123', '', responseId, `msg_${'g'.repeat(35)}`, `rs_${'0'.repeat(50)}`])(
  'an id of a provider leads nowhere: %j',
  (id) => {
    expect(locateItem(id)).toBeNull()
  },
)

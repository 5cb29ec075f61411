import { expect, it } from 'vitest'
import { chooseRequestId } from './request-id.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

it.each(['a', 'REQ-1_2.3', 'x'.repeat(128)])('keeps %s', (id) => {
  expect(chooseRequestId(id)).toBe(id)
})

it.each([undefined, '', 'a b', 'a\r\nb', 'a\n', 'é', 'x'.repeat(129), '{}'])('replaces %j', (id) => {
  expect(chooseRequestId(id)).toMatch(uuid)
})

import { describe, expect, it } from 'vitest'
import { ResponseIds } from './response-id.ts'

const ids = new ResponseIds('a secret of the tests')
const kept = { deploymentId: 'gpt-at-“home”', upstreamId: 'resp_0a1b' }

describe('ResponseIds', () => {
  it('opens what it sealed, for the owner alone', () => {
    const id = ids.seal('user:ada', kept)
    expect(id).toMatch(/^resp_[A-Za-z0-9_-]+$/)
    expect(id).toBe(ids.seal('user:ada', kept))
    expect(ids.open('user:ada', id)).toEqual(kept)
    expect(new ResponseIds('a secret of the tests').open('user:ada', id)).toEqual(kept)
    expect(ids.open('user:eve', id)).toBeNull()
    expect(new ResponseIds('another secret').open('user:ada', id)).toBeNull()
  })

  it('opens nothing that was changed in any place', () => {
    const id = ids.seal('user:ada', kept)
    for (let at = 0; at < id.length; at += 1) {
      const changed = id.slice(0, at) + (id[at] === 'A' ? 'B' : 'A') + id.slice(at + 1)
      const opened = ids.open('user:ada', changed)
      // The last character may hold bits that mean nothing.
      if (at < id.length - 1) expect(opened, changed).toBeNull()
      expect(ids.open('user:ada', id.slice(0, at))).toBeNull()
    }
  })

  it('keeps owners and contents apart', () => {
    const id = ids.seal('user:a', { deploymentId: 'b', upstreamId: 'c' })
    expect(ids.open('user:a["b', id)).toBeNull()
  })

  it.each(['', 'resp_', 'resp_0a1b', `resp_${'0'.repeat(32)}`, 'chatcmpl-1'])(
    'takes %j for no id of its own',
    (id) => {
      expect(ids.open('user:ada', id)).toBeNull()
    },
  )
})

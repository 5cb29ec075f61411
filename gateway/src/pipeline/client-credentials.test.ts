import { describe, expect, it } from 'vitest'
import { replaceHeaders } from './client-credentials.ts'

describe('replaceHeaders', () => {
  it('takes a header out by name, never by value, and adds the new one', () => {
    const headers = [
      'authorization',
      'Bearer gateway',
      'x-note',
      'authorization',
      'content-type',
      'application/json',
    ]
    expect(replaceHeaders(headers, ['authorization', 'Bearer client'])).toEqual([
      'x-note',
      'authorization',
      'content-type',
      'application/json',
      'authorization',
      'Bearer client',
    ])
  })
})

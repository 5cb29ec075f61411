import { GatewayError } from '@routeiq/contract'
import { describe, expect, it } from 'vitest'
import type { StreamEvent } from '../conversation/stream-event.ts'
import { zeroUsage } from '../conversation/usage.ts'
import type { StreamFormatter } from '../protocols/protocol.ts'
import { unreadableAnswer } from '../protocols/unreadable-answer.ts'
import type { StreamDecoder } from '../providers/wire.ts'
import { TranslatedStream } from './translated.ts'

/** `text`, `use 7`, `fail` and `throw` are what the events of this protocol can say. */
function decoder(atEnd: StreamEvent[] = []): StreamDecoder {
  return {
    push: ({ data }) => {
      if (data === 'throw') throw new Error('a riddle')
      if (data === 'fail') return [{ type: 'error', failure: unreadableAnswer('enough') }, text('never seen')]
      if (data.startsWith('use ')) {
        const outputTokens = Number(data.slice(4))
        return [{ type: 'usage-available', usage: { ...zeroUsage, outputTokens } }]
      }
      return [text(data)]
    },
    end: () => atEnd,
  }
}

const text = (value: string): StreamEvent => ({ type: 'text-delta', choice: 0, text: value })
const formatter: StreamFormatter = {
  format: (event) => (event.type === 'text-delta' ? `<${event.text}>` : ''),
  end: () => '</>',
}

function relay(chunks: readonly string[], atEnd?: StreamEvent[]) {
  const stream = new TranslatedStream('sse', decoder(atEnd), formatter)
  let out = ''
  for (const chunk of chunks) out += stream.push(Buffer.from(chunk, 'latin1')) ?? ''
  out += stream.end() ?? ''
  return { out, failure: stream.failure?.message ?? null, stream }
}

const events = (...data: string[]): string => data.map((one) => `data: ${one}\n\n`).join('')

describe('TranslatedStream', () => {
  it('writes every event anew, and the end', () => {
    const { out, failure, stream } = relay([events('one', 'use 3', 'two', 'use 7')])
    expect([out, failure, stream.usage?.outputTokens]).toEqual(['<one><two></>', null, 7])
    expect(stream.encoding).toBe('utf8')
  })

  it('holds the end back until the answer is kept, and tells how it broke off', async () => {
    const kept: unknown[] = []
    const keeping = { ...formatter, kept: () => ({ id: 'a' }), formatFailure: () => '<broken>' }
    const stream = new TranslatedStream('sse', decoder(), keeping, async (answer) => void kept.push(answer))
    expect(stream.push(Buffer.from(events('one')))).toBe('<one>')
    expect([stream.end(), kept]).toEqual([null, []])
    expect([await stream.conclude(), kept]).toEqual(['</>', [{ id: 'a' }]])
    expect(stream.formatFailure(new GatewayError('upstream_error', 'x'))).toBe('<broken>')
    expect(relay([events('one')]).stream.conclude()).toBeNull()
    expect(relay(['']).stream.formatFailure(new GatewayError('upstream_error', 'x'))).toBeNull()
  })

  it('gives nothing while no event is complete', () => {
    const stream = new TranslatedStream('sse', decoder(), formatter)
    expect(stream.push(Buffer.from('data: on'))).toBeNull()
    expect(stream.push(Buffer.from('e\n\n'))).toBe('<one>')
    expect(stream.push(Buffer.from('data: use 1\n\n'))).toBeNull()
  })

  it.each([
    ['an error event', 'fail', 'enough'],
    ['what the decoder cannot read', 'throw', 'a riddle'],
  ])('ends at %s, behind what came before, however it was cut', (_, word, message) => {
    const bytes = events('one', 'two', word, 'three')
    for (let at = 0; at <= bytes.length; at += 1) {
      const { out, failure } = relay([bytes.slice(0, at), bytes.slice(at)])
      expect([out, failure]).toEqual(['<one><two>', expect.stringContaining(message)])
    }
  })

  it('ends with the error the decoder reports when the stream stops too early', () => {
    const { out, failure } = relay([events('one')], [{ type: 'error', failure: unreadableAnswer('half') }])
    expect([out, failure]).toEqual(['<one>', 'The provider answered half'])
  })

  it('fails on an endless line', () => {
    const stream = new TranslatedStream('sse', decoder(), formatter)
    const chunk = Buffer.alloc(1_048_576, 'x')
    let pushed = 0
    while (stream.failure === null && pushed < 20) {
      stream.push(chunk)
      pushed += 1
    }
    expect(stream.failure?.message).toContain('exceeds')
    expect(stream.push(chunk)).toBeNull()
    expect(stream.end()).toBeNull()
  })

  it('estimates tokens by the length of what it relayed', () => {
    expect(relay([events('12345678', '9')]).stream.estimatedOutputTokens).toBe(3)
    expect(relay(['']).stream.estimatedOutputTokens).toBe(0)
  })
})
